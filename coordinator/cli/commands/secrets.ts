// `hephaestusctl secrets`: credentials for forges and models, sealed in the coordinator's store.
// Must never take a value from an argument, where every process of the host could read it, nor print one.
import type { Command } from 'commander';
import type { SecretSummary } from '../../../proto/index.ts';
import { usage, type CommandContext } from '../command-context.ts';
import { ago } from '../presentation.ts';
import { table, type Column } from '../table.ts';

export function addSecretsCommands(program: Command, context: CommandContext): void {
  const secrets = program.command('secrets').description('credentials for forges and models; a value goes in and never comes out');

  secrets
    .command('set')
    .description('seal a value that is read from standard input: hephaestusctl secrets set forge-token < FILE')
    .argument('<name>', 'as credential: or apiKey: refer to it')
    .action(async (name: string, _options: unknown, command: Command) => {
      const value = (await context.readStandardInput()).replace(/\r?\n$/, '');
      if (value === '') throw usage('nothing was given on standard input; write: hephaestusctl secrets set NAME < FILE');
      const { connection, output } = await context.open(command);
      await connection.secrets.setSecret({ name, value });
      output.done(`secret ${name} is set`);
    });

  secrets
    .command('list')
    .description('names, and where each is kept')
    .action(async (_options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const answer = await connection.secrets.listSecrets({});
      output.show(answer.secrets, (style) =>
        answer.secrets.length === 0 ? 'no secrets' : table(answer.secrets, columns(context.now()), style),
      );
    });

  secrets
    .command('remove')
    .description('forget one of the store')
    .argument('<name>')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      await connection.secrets.removeSecret({ name });
      output.done(`secret ${name} is removed`);
    });
}

function columns(nowMs: number): Column<SecretSummary>[] {
  return [
    { title: 'NAME', value: (secret) => secret.name },
    { title: 'KEPT IN', value: (secret) => secret.keptIn },
    { title: 'SET', value: (secret) => (secret.updatedAt === undefined ? '-' : ago(secret.updatedAt, nowMs)) },
  ];
}
