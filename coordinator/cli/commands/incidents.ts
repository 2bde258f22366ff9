// `hephaestusctl incidents`: problems, everywhere they show.
// Must never say how a problem is solved; that is `solutions`.
import type { Command } from 'commander';
import { IncidentState, Severity, type FrameData, type Incident, type LogEntryData, type TraceData } from '../../../proto/index.ts';
import { countArgument, enumArgument, enumList } from '../arguments.ts';
import type { OperatorConnection } from '../client.ts';
import type { CommandContext } from '../command-context.ts';
import { collectPages } from '../paging.ts';
import { age, ago, enumLabel } from '../presentation.ts';
import { paint, properties, section, table, type Colour, type Column, type Style } from '../table.ts';

const stateColours: Readonly<Record<string, Colour>> = {
  open: 'red',
  regressed: 'red',
  acknowledged: 'yellow',
  resolved: 'green',
  ignored: 'dim',
};

const quietReasons: Readonly<Record<string, string>> = {
  shadow: 'its detector is on trial: nobody is alerted',
  maintenance: 'it began in a maintenance window: nobody is alerted',
  flapping: 'it comes and goes: nobody is alerted each time',
  storm: 'it began among very many others: nobody is alerted of each',
};

interface ListOptions {
  readonly state?: string;
  readonly service?: string;
  readonly node?: string;
  readonly severity?: string;
  readonly all?: boolean;
  readonly limit: string;
}

export function addIncidentsCommands(program: Command, context: CommandContext): void {
  const incidents = program.command('incidents').description('problems, everywhere they show');

  incidents
    .command('list')
    .description('incidents, last seen first')
    .option('--state <STATE,…>', 'only in these states (open, acknowledged, resolved, regressed, ignored)')
    .option('--service <NAME>', 'only of this service')
    .option('--node <NODE>', 'only seen on this node')
    .option('--severity <LEVEL>', 'at least this severe')
    .option('--all', 'with those that are related to an earlier one, quiet (on trial, in maintenance, flapping, a storm) or merged')
    .option('--limit <COUNT>', 'at most this many; 0 means all', '50')
    .action(async (options: ListOptions, command: Command) => {
      const states = enumList('--state', options.state, IncidentState);
      const minimumSeverity =
        options.severity === undefined ? Severity.UNSPECIFIED : enumArgument('--severity', options.severity, Severity);
      const limit = countArgument('--limit', options.limit, 1_000_000);
      const { connection, output } = await context.open(command);
      const found = await collectPages(limit, async (page) => {
        const answer = await connection.incidents.listIncidents({
          page,
          states,
          minimumSeverity,
          services: options.service === undefined ? [] : [options.service],
          nodeIds: options.node === undefined ? [] : [options.node],
          leadingOnly: options.all !== true,
          includeMerged: options.all === true,
        });
        return { items: answer.incidents, nextPageToken: answer.nextPageToken };
      });
      output.show(found, (style) => (found.length === 0 ? 'no incidents' : table(found, columns(context.now()), style)));
    });

  incidents
    .command('get')
    .description('one incident: what makes it one problem, its evidence, its last occurrences')
    .argument('<id>', 'or the beginning of it')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const answer = await connection.incidents.getIncident({ id });
      const { incident } = answer;
      output.show(answer, (style) => {
        if (incident === undefined) return '';
        const latest = answer.latest[0]?.entry;
        return [
          incidentPage(incident, context.now(), style),
          section(
            'Fingerprint',
            properties(
              incident.fingerprintParts.map((part) => [part.kind, part.value] as const),
              style,
            ),
            style,
          ),
          ...incident.merged.map((part) =>
            section(
              `Merged into it: ${part.id}`,
              properties(
                [
                  ['title', part.title],
                  ['occurrences', `${part.occurrences} before it was merged`],
                  ...part.fingerprintParts.map(({ kind, value }) => [kind, value] as const),
                ],
                style,
              ),
              style,
            ),
          ),
          ...answer.evidence.map((evidence) => section(`${evidence.id} ${evidence.kind}: ${evidence.title}`, evidence.body, style)),
          ...(latest === undefined ? [] : [section('Last occurrence', entryText(latest), style)]),
        ].join('\n\n');
      });
    });

  incidents
    .command('watch')
    .description('every change of an incident, until Ctrl-C')
    .option('--state <STATE,…>', 'only in these states')
    .action(async (options: { state?: string }, command: Command) => {
      const states = enumList('--state', options.state, IncidentState);
      const { connection, output } = await context.open(command);
      for await (const change of connection.incidents.watchIncidents({ states }, { signal: context.signal })) {
        const { incident } = change;
        if (incident !== undefined) output.item(change, (style) => incidentLine(change.event, incident, style));
      }
    });

  incidents
    .command('merge')
    .description('hold several for one problem, for good: from now on what has their fingerprints counts for the first')
    .argument('<survivor>', 'the one that goes on: its id, or the beginning of it')
    .argument('<ids...>', 'those that become part of it')
    .action(async (survivorId: string, ids: string[], _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { incident } = await connection.incidents.mergeIncidents({ survivorId, ids });
      output.show(incident, () =>
        incident === undefined ? '' : `incident ${incident.id} stands for ${incident.merged.length + 1} fingerprints`,
      );
    });

  incidents
    .command('unmerge')
    .description('part one from the incident that it was merged into; it counts for itself again')
    .argument('<id>', 'of the merged one, or the beginning of it')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { incident } = await connection.incidents.unmergeIncident({ id });
      output.show(incident, () => (incident === undefined ? '' : `incident ${incident.id} is ${stateOf(incident)}, and stands for itself`));
    });

  addDecision('acknowledge', 'somebody is on it', (connection, request) => connection.incidents.acknowledgeIncident(request));
  addDecision('resolve', 'it is over; when it shows again it is a regression', (connection, request) =>
    connection.incidents.resolveIncident(request),
  );
  addDecision('ignore', 'count it, and do nothing about it', (connection, request) => connection.incidents.ignoreIncident(request));
  addDecision('reopen', 'it is not over', (connection, request) => connection.incidents.reopenIncident(request));

  function addDecision(
    verb: string,
    description: string,
    call: (connection: OperatorConnection, request: { id: string; note: string }) => Promise<{ incident?: Incident | undefined }>,
  ): void {
    incidents
      .command(verb)
      .description(description)
      .argument('<id>', 'or the beginning of it')
      .option('--note <TEXT>', 'why', '')
      .action(async (id: string, options: { note: string }, command: Command) => {
        const { connection, output } = await context.open(command);
        const { incident } = await call(connection, { id, note: options.note });
        output.show(incident, () => (incident === undefined ? '' : `incident ${incident.id} is ${stateOf(incident)}`));
      });
  }
}

function stateOf(incident: Incident): string {
  return enumLabel(incident.state, 'INCIDENT_STATE');
}

/** What it comes to for a person: merged and quiet ones aren't open to anybody. */
function standingOf(incident: Incident): string {
  if (incident.mergedInto !== '') return 'merged';
  return incident.quiet === '' ? stateOf(incident) : `${stateOf(incident)} (${incident.quiet})`;
}

function columns(nowMs: number): Column<Incident>[] {
  return [
    { title: 'ID', value: (incident) => incident.id },
    { title: 'STATE', value: standingOf, colour: (incident) => stateColours[standingOf(incident)] },
    { title: 'SEVERITY', value: (incident) => enumLabel(incident.severity, 'SEVERITY') },
    { title: 'SERVICE', value: (incident) => incident.service },
    { title: 'COUNT', value: (incident) => String(incident.occurrences), right: true },
    { title: 'NODES', value: (incident) => String(incident.nodeIds.length), right: true },
    { title: 'RELATED', value: (incident) => (incident.related === 0 ? '' : `+${incident.related}`), right: true },
    { title: 'LAST', value: (incident) => age(incident.lastSeenAt, nowMs) },
    { title: 'SOLUTION', value: (incident) => incident.solutionStatus.split(':', 1)[0] ?? '' },
    { title: 'TITLE', value: (incident) => incident.title, stretch: true },
  ];
}

function incidentLine(event: string, incident: Incident, style: Style): string {
  const time = incident.lastSeenAt?.toISOString() ?? '';
  return `${paint(time, 'dim', style)}  ${event.padEnd(9)}  ${paint(stateOf(incident).padEnd(12), stateColours[stateOf(incident)], style)}  ${incident.id}  ×${incident.occurrences}  ${incident.service}  ${incident.title}`;
}

function incidentPage(incident: Incident, nowMs: number, style: Style): string {
  return properties(
    [
      ['title', incident.title],
      ['id', incident.id],
      ['state', stateOf(incident), stateColours[stateOf(incident)] ?? 'dim'],
      ['severity', enumLabel(incident.severity, 'SEVERITY')],
      ['service', incident.service],
      ['found by', incident.detector],
      ['first seen', `${incident.firstSeenAt?.toISOString() ?? '-'} (${ago(incident.firstSeenAt, nowMs)})`],
      ['last seen', `${incident.lastSeenAt?.toISOString() ?? '-'} (${ago(incident.lastSeenAt, nowMs)})`],
      ['occurrences', `${incident.occurrences} on ${incident.nodeIds.length} node${incident.nodeIds.length === 1 ? '' : 's'}`],
      ['nodes', incident.nodeIds.join(' ')],
      ['merged into', incident.mergedInto, 'yellow'],
      ['related to', incident.relatedTo],
      ['related', incident.related === 0 ? '' : `${incident.related} later incidents are held to have its cause`],
      ['quiet', incident.quiet === '' ? '' : (quietReasons[incident.quiet] ?? incident.quiet), 'yellow'],
      ['note', incident.note],
      ['solution', [incident.solutionStatus, incident.solutionId].filter(Boolean).join(' · ')],
      ['fingerprint', incident.fingerprint],
    ],
    style,
  );
}

/** The message of an entry, and its trace as frames where it has one. */
function entryText(entry: LogEntryData): string {
  return entry.trace === undefined ? entry.message : traceText(entry.trace);
}

function traceText(trace: TraceData): string {
  const own = [`${trace.type}: ${trace.message}`, ...trace.frames.map(frameText)];
  return [...own, ...(trace.cause === undefined ? [] : [`caused by ${traceText(trace.cause)}`])].join('\n');
}

function frameText(frame: FrameData): string {
  const place = frame.file === '' ? '' : ` (${frame.file}${frame.line === 0 ? '' : `:${frame.line}`})`;
  return `  ${frame.inApp ? '→' : ' '} ${frame.function || '<anonymous>'}${place}`;
}
