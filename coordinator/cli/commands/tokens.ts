// `hephaestusctl tokens`: join tokens, with which a host becomes a node.
// Must never write a token's secret anywhere but standard output, once.
import type { Command } from 'commander';
import type { JoinToken } from '../../../proto/index.ts';
import { collect, countArgument, durationArgument, labelArguments } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { collectPages } from '../paging.ts';
import { ago } from '../presentation.ts';
import { table, type Column } from '../table.ts';

export function addTokensCommands(program: Command, context: CommandContext): void {
  const tokens = program.command('tokens').description('join tokens: with one, a host becomes a node');

  tokens
    .command('create')
    .description('make a token; it is shown once')
    .option('--ttl <TIME>', 'how long it can be used', '1h')
    .option('--uses <COUNT>', 'how many hosts may use it', '1')
    .option('--node <NAME>', 'only for a host of this name')
    .option('--label <KEY=VALUE>', 'label of every node that joins with it (repeatable)', collect)
    .action(async (options: { ttl: string; uses: string; node?: string; label?: string[] }, command: Command) => {
      const ttl = durationArgument('--ttl', options.ttl).wire;
      const useLimit = countArgument('--uses', options.uses, 100_000);
      const labels = labelArguments('--label', options.label);
      const { connection, output } = await context.open(command);
      const answer = await connection.nodes.createJoinToken({ ttl, useLimit, labels, nodeName: options.node ?? '' });
      output.show(answer, () => answer.secret);
    });

  tokens
    .command('list')
    .description('tokens that can be used')
    .option('--all', 'those that expired, were used up or revoked too')
    .action(async (options: { all?: boolean }, command: Command) => {
      const { connection, output } = await context.open(command);
      const found = await collectPages(0, async (page) => {
        const answer = await connection.nodes.listJoinTokens({ page, includeExpired: options.all === true });
        return { items: answer.joinTokens, nextPageToken: answer.nextPageToken };
      });
      output.show(found, (style) => (found.length === 0 ? 'no tokens' : table(found, columns(context.now()), style)));
    });

  tokens
    .command('revoke')
    .description('nobody can use it any more')
    .argument('<id>')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      await connection.nodes.revokeJoinToken({ id });
      output.done(`token ${id} is revoked`);
    });
}

function columns(nowMs: number): Column<JoinToken>[] {
  return [
    { title: 'ID', value: (token) => token.id },
    { title: 'STATE', value: (token) => stateOf(token, nowMs) },
    { title: 'USES', value: (token) => `${token.uses}/${token.useLimit}`, right: true },
    { title: 'CREATED', value: (token) => ago(token.createdAt, nowMs) },
    { title: 'EXPIRES', value: (token) => token.expiresAt?.toISOString() ?? '-' },
    { title: 'NODE', value: (token) => token.nodeName },
    { title: 'BY', value: (token) => token.createdBy },
  ];
}

function stateOf(token: JoinToken, nowMs: number): string {
  if (token.revoked) return 'revoked';
  if (token.expiresAt !== undefined && token.expiresAt.getTime() <= nowMs) return 'expired';
  return token.uses >= token.useLimit ? 'used up' : 'usable';
}
