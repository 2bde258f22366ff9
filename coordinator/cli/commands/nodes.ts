// `hephaestusctl nodes`: the hosts that run an agent.
// Must never decide what a status means; the Node Manager does.
import type { Command } from 'commander';
import { NodeStatus, type CollectContextResponse, type NodeStatusResponse } from '../../../proto/index.ts';
import { collect, countArgument, enumList, labelArguments } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { collectPages } from '../paging.ts';
import { age, ago, bytes, duration, durationMs, enumLabel, percent, safe } from '../presentation.ts';
import { paint, properties, section, table, type Colour, type Column, type Style } from '../table.ts';
import { addNodeConfigurationCommands, configurationState } from './node-configuration.ts';
import { sourceColumns } from './sources.ts';

const statusColours: Readonly<Record<string, Colour>> = {
  operational: 'green',
  processing: 'green',
  initializing: 'cyan',
  degraded: 'yellow',
  inactive: 'red',
  error: 'red',
  removed: 'dim',
};

export function addNodesCommands(program: Command, context: CommandContext): void {
  const nodes = program.command('nodes').description('the hosts that run an agent');

  nodes
    .command('list')
    .description('all nodes, by name')
    .option('--status <STATUS,…>', 'only with these statuses')
    .option('--label <KEY=VALUE>', 'only with this label (repeatable)', collect)
    .option('--name <PART>', 'only with this in the name')
    .option('--limit <COUNT>', 'at most this many; 0 means all', '0')
    .action(async (options: { status?: string; label?: string[]; name?: string; limit: string }, command: Command) => {
      const statuses = enumList('--status', options.status, NodeStatus);
      const labels = labelArguments('--label', options.label);
      const limit = countArgument('--limit', options.limit, 1_000_000);
      const { connection, output } = await context.open(command);
      const found = await collectPages(limit, async (page) => {
        const answer = await connection.nodes.listNodes({ page, statuses, labels, nameContains: options.name ?? '' });
        return { items: answer.nodes, nextPageToken: answer.nextPageToken };
      });
      output.show(found, (style) =>
        found.length === 0 ? 'no nodes; join one with: hephaestusctl tokens create' : table(found, nodeColumns(context.now()), style),
      );
    });

  nodes
    .command('get')
    .description('everything about one node')
    .argument('<node>', 'id or name')
    .action(async (nodeId: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const answer = await connection.nodes.getNode({ nodeId });
      output.show(answer, (style) => (answer.node === undefined ? '' : nodePage(answer.node, context.now(), style)));
    });

  nodes
    .command('context')
    .description('what a node says of itself when asked now, with the last records of a source, redacted')
    .argument('<node>', 'id or name')
    .argument('[source]', 'the last records of this source, too')
    .option('--lines <COUNT>', 'so many records', '50')
    .action(async (nodeId: string, source: string | undefined, options: { lines: string }, command: Command) => {
      const lines = source === undefined ? 0 : countArgument('--lines', options.lines, 1000);
      const { connection, output } = await context.open(command);
      const answer = await connection.nodes.collectContext({ nodeId, source: source ?? '', lines });
      output.show(answer, (style) => contextPage(answer, style));
    });

  addNodeConfigurationCommands(nodes, context);

  nodes
    .command('remove')
    .description('revoke its certificate and end its streams; its history is kept')
    .argument('<node>', 'id or name')
    .action(async (nodeId: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      await connection.nodes.removeNode({ nodeId });
      output.done(`node ${nodeId} is removed; its certificate is worth nothing any more`);
    });

  nodes
    .command('watch')
    .description('every change of a node, until Ctrl-C')
    .argument('[nodes...]', 'ids or names; all if none is given')
    .action(async (nodeIds: string[], _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      for await (const { node } of connection.nodes.watchNodes({ nodeIds }, { signal: context.signal })) {
        if (node !== undefined) output.item(node, (style) => nodeLine(node, style));
      }
    });
}

function statusOf(node: NodeStatusResponse): string {
  return enumLabel(node.status, 'NODE_STATUS');
}

function nodeColumns(nowMs: number): Column<NodeStatusResponse>[] {
  return [
    { title: 'NAME', value: (node) => node.name },
    { title: 'STATUS', value: statusOf, colour: (node) => statusColours[statusOf(node)] },
    { title: 'SEEN', value: (node) => age(node.lastSeenAt, nowMs) },
    { title: 'VERSION', value: (node) => node.agentVersion },
    { title: 'MODE', value: (node) => enumLabel(node.operationalMode, 'OPERATIONAL_MODE') },
    { title: 'SOURCES', value: (node) => String(node.sources.length), right: true },
    { title: 'LAG', value: (node) => bytes(node.sources.reduce((sum, source) => sum + source.lagBytes, 0)), right: true },
    { title: 'GAPS', value: (node) => String(node.gapsTotal), right: true, colour: (node) => (node.gapsTotal > 0 ? 'red' : undefined) },
    { title: 'ID', value: (node) => node.id },
    { title: 'REASON', value: (node) => node.statusReason, stretch: true },
  ];
}

function nodeLine(node: NodeStatusResponse, style: Style): string {
  const time = (node.lastSeenAt ?? node.registeredAt)?.toISOString() ?? '';
  const status = paint(statusOf(node).padEnd(12), statusColours[statusOf(node)], style);
  return `${paint(time, 'dim', style)}  ${status}  ${node.name}  ${node.statusReason}`.trimEnd();
}

function nodePage(node: NodeStatusResponse, nowMs: number, style: Style): string {
  const { facts, vitals } = node;
  const about = properties(
    [
      ['name', node.name],
      ['id', node.id],
      ['status', `${statusOf(node)}${node.statusReason === '' ? '' : ` (${node.statusReason})`}`, statusColours[statusOf(node)]],
      ['connected', node.connected ? 'yes' : 'no'],
      ['last seen', ago(node.lastSeenAt, nowMs)],
      ['mode', enumLabel(node.operationalMode, 'OPERATIONAL_MODE')],
      [
        'labels',
        Object.entries(node.labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(' '),
      ],
      ['agent', node.agentVersion],
      ['certificate', node.certificateExpiresAt === undefined ? '' : `expires ${node.certificateExpiresAt.toISOString()}`],
      ['configuration', `version ${node.configurationVersion}, ${configurationState(node)}`],
      ['hashes', hashesOf(node)],
      ['errors', node.configurationErrors.join('\n'), 'red'],
      ['gaps', String(node.gapsTotal), node.gapsTotal > 0 ? 'red' : undefined],
      ['unacknowledged', `oldest ${duration(durationMs(node.oldestUnacknowledgedAge) ?? 0)}`],
    ],
    style,
  );
  const host =
    facts === undefined
      ? ''
      : properties(
          [
            ['host', facts.hostname],
            ['system', `${facts.os} ${facts.osVersion}, kernel ${facts.kernel}, ${facts.architecture}`],
            ['machine', [facts.manufacturer, facts.model, facts.virtualization].filter((part) => part !== '').join(', ')],
            ['processor', `${facts.cpuCores} × ${facts.cpuModel}`],
            ['memory', bytes(facts.memoryBytes)],
            ['addresses', facts.addresses.join(' ')],
          ],
          style,
        );
  const now =
    vitals === undefined
      ? ''
      : properties(
          [
            ['cpu', `${percent(vitals.cpuShare)} (load ${vitals.load1.toFixed(2)})`],
            ['memory', `${bytes(vitals.memoryUsedBytes)} used, ${bytes(vitals.memoryAvailableBytes)} available`],
            [
              'disks',
              vitals.disks.map((disk) => `${disk.mount} ${bytes(disk.availableBytes)} of ${bytes(disk.sizeBytes)} free`).join('\n'),
            ],
            [
              'agent',
              `${bytes(vitals.agentMemoryBytes)}, ${percent(vitals.agentCpuShare)} of a core, restarted ${vitals.agentRestarts} times`,
            ],
          ],
          style,
        );
  return [
    about,
    ...(host === '' ? [] : [section('Host', host, style)]),
    ...(now === '' ? [] : [section('Now', now, style)]),
    ...(node.sources.length === 0 ? [] : [section('Sources', table(node.sources, sourceColumns(nowMs), style), style)]),
  ].join('\n\n');
}

function contextPage({ message, context, lines }: CollectContextResponse, style: Style): string {
  const about = safe(JSON.stringify(JSON.parse(context), undefined, 2));
  const records = lines.map(safe).join('\n');
  return [message, about, ...(records === '' ? [] : [section('Last records', records, style)])].join('\n\n');
}

/** Short, as git has them: equal where what was told last is what runs. */
function hashesOf({ offeredConfigurationHash: offered, runningConfigurationHash: running }: NodeStatusResponse): string {
  return offered === '' && running === '' ? '' : `told ${offered.slice(0, 12) || 'none'}, runs ${running.slice(0, 12) || 'none'}`;
}
