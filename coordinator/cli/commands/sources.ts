// `hephaestusctl sources`: what every node reads, and where it stands.
// Must never repeat how nodes are shown.
import type { Command } from 'commander';
import type { SourceState } from '../../../proto/index.ts';
import type { CommandContext } from '../command-context.ts';
import { collectPages } from '../paging.ts';
import { age, bytes, duration, durationMs } from '../presentation.ts';
import { table, type Colour, type Column } from '../table.ts';

const conditionColours: Readonly<Record<string, Colour>> = { reading: 'green', idle: 'green', waiting: 'yellow', failed: 'red' };

export function addSourcesCommands(program: Command, context: CommandContext): void {
  const sources = program.command('sources').description('what the nodes read');

  sources
    .command('list')
    .description('every source of every node, or of one')
    .option('--node <NODE>', 'only of this node (id or name)')
    .action(async (options: { node?: string }, command: Command) => {
      const { connection, output } = await context.open(command);
      const found = await collectPages(0, async (page) => {
        const answer = await connection.nodes.listSources({ page, nodeId: options.node ?? '' });
        return { items: answer.sources, nextPageToken: answer.nextPageToken };
      });
      const columns: Column<(typeof found)[number]>[] = [
        { title: 'NODE', value: (row) => row.nodeName || row.nodeId },
        ...sourceColumns(context.now()).map((column) => onState(column)),
      ];
      output.show(found, (style) => (found.length === 0 ? 'no sources' : table(found, columns, style)));
    });
}

/** Also used by the page of a node. */
export function sourceColumns(nowMs: number): Column<SourceState>[] {
  return [
    { title: 'SOURCE', value: (source) => source.source },
    { title: 'STATE', value: (source) => source.state, colour: (source) => conditionColours[source.state] },
    { title: 'FILES', value: (source) => String(source.files), right: true },
    { title: 'READ', value: (source) => bytes(source.bytesRead), right: true },
    { title: 'RECORDS', value: (source) => String(source.recordsRead), right: true },
    { title: 'LAG', value: (source) => `${bytes(source.lagBytes)} / ${duration(durationMs(source.lag) ?? 0)}`, right: true },
    { title: 'GAPS', value: (source) => String(source.gaps), right: true, colour: (source) => (source.gaps > 0 ? 'red' : undefined) },
    { title: 'LAST', value: (source) => age(source.lastRecordAt, nowMs) },
    { title: 'REASON', value: (source) => source.reason, stretch: true },
  ];
}

function onState<Row extends { state?: SourceState | undefined }>(column: Column<SourceState>): Column<Row> {
  const { colour } = column;
  return {
    title: column.title,
    value: (row) => (row.state === undefined ? '-' : column.value(row.state)),
    colour: (row) => (row.state === undefined ? undefined : colour?.(row.state)),
    ...(column.stretch === undefined ? {} : { stretch: column.stretch }),
    ...(column.right === undefined ? {} : { right: column.right }),
  };
}
