// `hephaestusctl logs`: entries as they came in, past and live.
// Must never show a control character of a log line as one.
import type { Command } from 'commander';
import { Severity, type LogEntryData, type TemplateCount } from '../../../proto/index.ts';
import { collect, countArgument, enumArgument, labelArguments, timeArgument } from '../arguments.ts';
import type { CommandContext } from '../command-context.ts';
import { collectPages } from '../paging.ts';
import { enumLabel, safe, safeLine } from '../presentation.ts';
import { paint, table, type Colour, type Column, type Style } from '../table.ts';

interface FilterOptions {
  readonly node?: string[];
  readonly service?: string[];
  readonly source?: string[];
  readonly label?: string[];
  readonly severity?: string;
  readonly contains?: string;
  readonly pattern?: string;
}

const severityColours: Readonly<Record<string, Colour>> = {
  emergency: 'red',
  alert: 'red',
  critical: 'red',
  error: 'red',
  warning: 'yellow',
  debug: 'dim',
};

export function addLogsCommands(program: Command, context: CommandContext): void {
  const logs = program.command('logs').description('log entries, past and live');

  withFilters(logs.command('tail').description('entries as they come in, until Ctrl-C'))
    .option('--lines <COUNT>', 'so many past entries first', '10')
    .option('--no-follow', 'stop after the past ones')
    .action(async (options: FilterOptions & { lines: string; follow: boolean }, command: Command) => {
      const filter = filterOf(options);
      const tail = countArgument('--lines', options.lines, 1000);
      const { connection, output } = await context.open(command);
      if (!options.follow) {
        const past = await connection.logs.listLogEntries({ filter, page: { pageSize: tail, pageToken: '' } });
        for (const entry of past.entries.toReversed()) output.item(entry, (style) => entryLine(entry, style));
        return;
      }
      let missed = 0;
      for await (const { entry, dropped } of connection.logs.streamLogEntries({ filter, tail }, { signal: context.signal })) {
        if (dropped > missed) {
          const count = dropped - missed;
          output.done(paint(`… ${count} entries were left out, because this reader was too slow`, 'yellow', output.style));
          missed = dropped;
        }
        if (entry !== undefined) output.item(entry, (style) => entryLine(entry, style));
      }
    });

  logs
    .command('counts')
    .description('what nodes that ship problems only counted instead of sending, by template')
    .option('--node <NODE>', 'only of this node (id; repeatable)', collect)
    .option('--source <ID>', 'only of this source (repeatable)', collect)
    .option('--since <TIME>', 'a time, or how long ago (15m)')
    .option('--until <TIME>', 'a time, or how long ago')
    .option('--limit <COUNT>', 'at most this many templates', '50')
    .action(async (options: { node?: string[]; source?: string[]; since?: string; until?: string; limit: string }, command: Command) => {
      const request = {
        nodeIds: options.node ?? [],
        sources: options.source ?? [],
        since: timeArgument('--since', options.since, context.now()),
        until: timeArgument('--until', options.until, context.now()),
        limit: countArgument('--limit', options.limit, 1000),
      };
      const { connection, output } = await context.open(command);
      const { counts } = await connection.logs.listTemplateCounts(request);
      output.show(counts, (style) => (counts.length === 0 ? 'nothing was counted' : table(counts, countColumns, style)));
    });

  withFilters(logs.command('list').description('past entries, oldest last'))
    .option('--since <TIME>', 'a time, or how long ago (15m)')
    .option('--until <TIME>', 'a time, or how long ago')
    .option('--limit <COUNT>', 'at most this many; 0 means all', '100')
    .action(async (options: FilterOptions & { since?: string; until?: string; limit: string }, command: Command) => {
      const filter = filterOf(options);
      const since = timeArgument('--since', options.since, context.now());
      const until = timeArgument('--until', options.until, context.now());
      const limit = countArgument('--limit', options.limit, 1_000_000);
      const { connection, output } = await context.open(command);
      const found = await collectPages(limit, async (page) => {
        const answer = await connection.logs.listLogEntries({ page, filter, since, until });
        return { items: answer.entries, nextPageToken: answer.nextPageToken };
      });
      output.show(found, (style) => (found.length === 0 ? 'no entries' : found.map((entry) => entryLine(entry, style)).join('\n')));
    });
}

function withFilters(command: Command): Command {
  return command
    .option('--node <NODE>', 'only of this node (repeatable)', collect)
    .option('--service <NAME>', 'only of this service (repeatable)', collect)
    .option('--source <ID>', 'only of this source (repeatable)', collect)
    .option('--label <NAME=VALUE>', 'only with this label of node or source (repeatable)', collect)
    .option('--severity <LEVEL>', 'at least this severe: debug, info, notice, warning, error, critical, alert, emergency')
    .option('--contains <TEXT>', 'only with this in the message, letter case ignored')
    .option('--pattern <RE2>', 'only where this pattern matches the message');
}

function filterOf(options: FilterOptions) {
  return {
    nodeIds: options.node ?? [],
    services: options.service ?? [],
    sources: options.source ?? [],
    labels: labelArguments('--label', options.label),
    minimumSeverity: options.severity === undefined ? Severity.UNSPECIFIED : enumArgument('--severity', options.severity, Severity),
    contains: options.contains ?? '',
    pattern: options.pattern ?? '',
  };
}

/** Lines after the first (a trace) are indented. */
function entryLine(entry: LogEntryData, style: Style): string {
  const time = (entry.time ?? entry.receivedAt)?.toISOString() ?? '';
  const severity = entry.severity === Severity.UNSPECIFIED ? '' : enumLabel(entry.severity, 'SEVERITY');
  const [first = '', ...rest] = safe(entry.message).split('\n');
  const head = `${paint(time, 'dim', style)}  ${paint(severity.padEnd(9), severityColours[severity], style)} ${safeLine(entry.host || entry.nodeId)} ${paint(safeLine(entry.service || entry.source), 'cyan', style)}  ${first}`;
  return [head, ...rest.map((line) => `    ${line}`)].join('\n');
}

const countColumns: Column<TemplateCount>[] = [
  { title: 'COUNT', value: (count) => String(count.count), right: true },
  { title: 'LAST', value: (count) => count.lastMinute?.toISOString() ?? '' },
  { title: 'SEVERITY', value: (count) => (count.severity === Severity.UNSPECIFIED ? '' : enumLabel(count.severity, 'SEVERITY')) },
  { title: 'TEMPLATE', value: (count) => count.text, stretch: true },
];
