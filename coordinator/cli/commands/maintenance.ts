// `hephaestusctl maintenance`: when, and of what, nobody is to be alerted.
// Must never decide what a window covers.
import type { Command } from 'commander';
import type { MaintenanceWindow } from '../../../proto/index.ts';
import { collect, durationArgument, labelArguments, timeArgument } from '../arguments.ts';
import { usage, type CommandContext } from '../command-context.ts';
import { table, type Colour, type Column } from '../table.ts';

const stateColours: Readonly<Record<string, Colour>> = { active: 'yellow', planned: 'cyan', over: 'dim' };

interface CreateOptions {
  readonly node?: string[];
  readonly service?: string[];
  readonly label?: string[];
  readonly everything?: boolean;
  readonly start?: string;
  readonly for?: string;
  readonly until?: string;
  readonly reason: string;
}

export function addMaintenanceCommands(program: Command, context: CommandContext): void {
  const maintenance = program.command('maintenance').description('when nobody is to be alerted: what happens then is counted and shown');

  maintenance
    .command('create')
    .description('a window for nodes, services or labels; where several kinds are given, all of them must hold')
    .option('--node <NODE>', 'this node (id or name; repeatable)', collect)
    .option('--service <NAME>', 'this service (repeatable)', collect)
    .option('--label <KEY=VALUE>', 'nodes with this label (repeatable)', collect)
    .option('--everything', 'every node and service')
    .option('--start <TIME>', 'ISO 8601 (default: now)')
    .option('--for <TIME>', 'how long, such as 30m or 2h')
    .option('--until <TIME>', 'ISO 8601')
    .option('--reason <TEXT>', 'why', '')
    .action(async (options: CreateOptions, command: Command) => {
      const nowMs = context.now();
      const startsAt = timeArgument('--start', options.start, nowMs) ?? new Date(nowMs);
      if ((options.for === undefined) === (options.until === undefined)) throw usage('say how long: either --for 2h or --until TIME');
      const endsAt =
        options.for === undefined
          ? timeArgument('--until', options.until, nowMs)
          : new Date(startsAt.getTime() + durationArgument('--for', options.for).ms);
      const { connection, output } = await context.open(command);
      const { window } = await connection.detection.createMaintenanceWindow({
        startsAt: options.start === undefined ? undefined : startsAt,
        endsAt,
        nodes: options.node ?? [],
        services: options.service ?? [],
        labels: labelArguments('--label', options.label),
        reason: options.reason,
        everything: options.everything === true,
      });
      output.show(window, () => (window === undefined ? '' : `maintenance ${window.id} is ${window.state}, until ${iso(window.endsAt)}`));
    });

  maintenance
    .command('list')
    .description('windows that are planned or active, and those of the last week')
    .action(async (_options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { windows } = await connection.detection.listMaintenanceWindows({});
      output.show(windows, (style) => (windows.length === 0 ? 'no maintenance' : table(windows, columns, style)));
    });

  maintenance
    .command('end')
    .description('end a window now, or call off one that has not begun')
    .argument('<id>', 'or the beginning of it')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { window } = await connection.detection.endMaintenanceWindow({ id });
      output.show(window, () => (window === undefined ? '' : `maintenance ${window.id} is over`));
    });
}

const columns: Column<MaintenanceWindow>[] = [
  { title: 'ID', value: (window) => window.id },
  { title: 'STATE', value: (window) => window.state, colour: (window) => stateColours[window.state] },
  { title: 'FROM', value: (window) => iso(window.startsAt) },
  { title: 'UNTIL', value: (window) => iso(window.endsAt) },
  { title: 'OF', value: scopeOf },
  { title: 'BY', value: (window) => window.createdBy },
  { title: 'REASON', value: (window) => window.reason, stretch: true },
];

function scopeOf({ nodeIds, services, labels }: MaintenanceWindow): string {
  const parts = [
    ...nodeIds.map((id) => `node ${id}`),
    ...services.map((service) => `service ${service}`),
    ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
  ];
  return parts.length === 0 ? 'everything' : parts.join(', ');
}

function iso(time: Date | undefined): string {
  return time?.toISOString() ?? '-';
}
