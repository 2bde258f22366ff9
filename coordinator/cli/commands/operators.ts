// `hephaestusctl operators` and `whoami`: who may ask what of the coordinator.
// Must never write a token anywhere but standard output, once.
import type { Command } from 'commander';
import { OperatorRole, type Operator } from '../../../proto/index.ts';
import { collect, durationArgument, enumArgument, labelArguments } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { collectPages } from '../paging.ts';
import { ago, enumLabel } from '../presentation.ts';
import { properties, table, type Column, type Style } from '../table.ts';

interface CreateOptions {
  readonly role: string;
  readonly ttl: string;
  readonly repository?: string[];
  readonly label?: string[];
}

export function addOperatorsCommands(program: Command, context: CommandContext): void {
  const operators = program.command('operators').description('people and programs that may ask something of the coordinator');

  operators
    .command('create')
    .description('make an operator; its token is shown once')
    .argument('<name>', 'what the audit log calls it')
    .option('--role <ROLE>', 'viewer looks, operator decides, admin sets up', 'viewer')
    .option('--ttl <TIME>', 'how long the token counts, or never', '90d')
    .option('--repository <NAME>', 'narrow it to this repository and its services (repeatable)', collect)
    .option('--label <KEY=VALUE>', 'narrow it to nodes with this label (repeatable)', collect)
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const role = enumArgument('--role', options.role, OperatorRole);
      const neverExpires = options.ttl === 'never';
      const ttl = neverExpires ? undefined : durationArgument('--ttl', options.ttl).wire;
      const nodeLabels = labelArguments('--label', options.label);
      const { connection, output } = await context.open(command);
      const answer = await connection.operators.createOperator({
        name,
        role,
        repositories: options.repository ?? [],
        nodeLabels,
        neverExpires,
        ...(ttl === undefined ? {} : { ttl }),
      });
      output.show(answer, () => answer.token);
    });

  operators
    .command('list')
    .description('operators whose token counts')
    .option('--all', 'those that expired or were revoked too')
    .action(async (options: { all?: boolean }, command: Command) => {
      const { connection, output } = await context.open(command);
      const found = await collectPages(0, async (page) => {
        const answer = await connection.operators.listOperators({ page, includeEnded: options.all === true });
        return { items: answer.operators, nextPageToken: answer.nextPageToken };
      });
      output.show(found, (style) => (found.length === 0 ? 'no operators' : table(found, columns(context.now()), style)));
    });

  operators
    .command('revoke')
    .description('its token counts no longer, and what it watches ends')
    .argument('<operator>', 'name or id')
    .action(async (operator: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const answer = await connection.operators.revokeOperator({ operator });
      output.done(`operator ${answer.operator?.name ?? operator} is revoked`);
    });

  program
    .command('whoami')
    .description('who the coordinator takes you for, and what you may do')
    .action(async (_options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { operator } = await connection.operators.getSelf({});
      output.show(operator, (style) => (operator === undefined ? 'nobody' : selfPage(operator, style)));
    });
}

function selfPage(operator: Operator, style: Style): string {
  return properties(
    [
      ['name', operator.name],
      ['role', enumLabel(operator.role, 'OPERATOR_ROLE')],
      ['narrowed to', scopeOf(operator)],
      ['expires', operator.expiresAt?.toISOString() ?? 'never'],
    ],
    style,
  );
}

function columns(nowMs: number): Column<Operator>[] {
  return [
    { title: 'NAME', value: (operator) => operator.name },
    { title: 'ROLE', value: (operator) => enumLabel(operator.role, 'OPERATOR_ROLE') },
    { title: 'STATE', value: (operator) => stateOf(operator, nowMs) },
    { title: 'NARROWED TO', value: scopeOf, stretch: true },
    { title: 'EXPIRES', value: (operator) => operator.expiresAt?.toISOString() ?? 'never' },
    { title: 'USED', value: (operator) => (operator.lastUsedAt === undefined ? '-' : ago(operator.lastUsedAt, nowMs)) },
    { title: 'KEPT IN', value: (operator) => operator.keptIn },
    { title: 'ID', value: (operator) => operator.id },
  ];
}

function scopeOf(operator: Operator): string {
  const labels = Object.entries(operator.nodeLabels).map(([key, value]) => `${key}=${value}`);
  return [...operator.repositories.map((name) => `repository ${name}`), ...labels].join(', ') || 'everything';
}

function stateOf(operator: Operator, nowMs: number): string {
  if (operator.revokedAt !== undefined) return 'revoked';
  return operator.expiresAt !== undefined && operator.expiresAt.getTime() <= nowMs ? 'expired' : 'active';
}
