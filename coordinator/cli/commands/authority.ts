// `hephaestusctl authority`: the authority that signs for the coordinator and its nodes, and its rotation in three steps.
// Must never take a step by itself; it shows whom the next one would leave behind.
import type { Command } from 'commander';
import type { Authority } from '../../../proto/index.ts';
import type { CommandContext } from '../command-context.ts';
import { properties, type Style } from '../table.ts';

const nextSteps: Readonly<Record<string, string>> = {
  single: 'hephaestusctl authority stage, to begin a rotation',
  staged: 'wait until no node is left behind, then hephaestusctl authority activate',
  overlap: 'wait until no node is left behind, then hephaestusctl authority retire',
};

export function addAuthorityCommands(program: Command, context: CommandContext): void {
  const authority = program.command('authority').description('the certificate authority, and its rotation: stage, activate, retire');

  authority
    .command('get')
    .description('where a rotation stands')
    .action(async (_options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { authority: found } = await connection.authority.getAuthority({});
      output.show(found, (style) => (found === undefined ? '' : authorityPage(found, style)));
    });

  authority
    .command('bundle')
    .description('everything that is trusted now, PEM: what --ca of operators elsewhere shall hold during a rotation')
    .action(async (_options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { authority: found } = await connection.authority.getAuthority({});
      output.show({ bundle: found?.bundle ?? '' }, () => (found?.bundle ?? '').trimEnd());
    });

  authority
    .command('stage')
    .description('make a new authority and hand its certificate to all nodes; nothing is signed with it yet')
    .action(async (_options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { authority: found } = await connection.authority.stageAuthority({});
      output.show(found, (style) => (found === undefined ? '' : authorityPage(found, style)));
    });

  authority
    .command('activate')
    .description('the new authority signs from now on, and the old one stays trusted; join tokens of before are worth nothing')
    .option('--force', 'also where nodes would have to be enrolled again')
    .action(async (options: { force?: boolean }, command: Command) => {
      const { connection, output } = await context.open(command);
      const { authority: found } = await connection.authority.activateAuthority({ force: options.force === true });
      output.show(found, (style) => (found === undefined ? '' : authorityPage(found, style)));
    });

  authority
    .command('retire')
    .description('the old authority is trusted no longer')
    .option('--force', 'also where nodes would have to be enrolled again')
    .action(async (options: { force?: boolean }, command: Command) => {
      const { connection, output } = await context.open(command);
      const { authority: found } = await connection.authority.retireAuthority({ force: options.force === true });
      output.show(found, (style) => (found === undefined ? '' : authorityPage(found, style)));
    });
}

function authorityPage(authority: Authority, style: Style): string {
  return properties(
    [
      ['phase', authority.phase],
      ['signs', authority.currentHash],
      ['next', authority.nextHash],
      ['expires', authority.expiresAt?.toISOString() ?? ''],
      ['nodes', String(authority.nodes)],
      ['left behind', authority.nodesLeftBehind === 0 ? 'none' : `${authority.nodesLeftBehind}: ${authority.leftBehind.join(', ')}`],
      ['next step', nextSteps[authority.phase] ?? ''],
    ],
    style,
  );
}
