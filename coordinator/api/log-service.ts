// LogService: entries from applications, looking at entries, and the live tail.
// Must never hold logic of its own; it translates and delegates.
import { Severity as WireSeverity, type LogEntryData, type LogServiceImplementation } from '../../proto/index.ts';
import type { LogFilter } from '../logs/entry.ts';
import type { LiveTail } from '../logs/live-tail.ts';
import { searchEntries, type SearchPage } from '../logs/log-search.ts';
import type { LogReader } from '../logs/log-store.ts';
import type { SubmittedEntry } from '../logs/submission.ts';
import type { CallIdentity } from './call-identity.ts';
import { requireSeen, type Views } from './view.ts';
import { pageSizeOf, readPageToken, writePageToken } from './page.ts';
import { readFilter, writeEntry } from './wire-log.ts';
import { readSeverity, readTime, writeSeverity, writeTime } from './wire-values.ts';

export interface LogServiceOptions {
  readonly reader: LogReader;
  readonly tail: LiveTail;
  /** Ids of incidents by `fingerprint/service`, for the fingerprints asked for. */
  readonly incidentIdsOf: (fingerprints: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  readonly views: Views;
  readonly submit: (requestId: string, entries: readonly SubmittedEntry[]) => Promise<number>;
}

const mostPastEntries = 1000;

export function createLogService(options: LogServiceOptions): LogServiceImplementation<{ identity: CallIdentity }> {
  const { reader, tail, submit, incidentIdsOf, views } = options;
  return {
    async submitLogEntries(request, context) {
      const view = await views.of(context);
      // Without a node or service of its own an entry would be everybody's.
      for (const { nodeId, service } of request.entries) {
        requireSeen(view.seesNode(nodeId), 'node', JSON.stringify(nodeId));
        requireSeen(view.seesService(service), 'repository', `for service ${JSON.stringify(service)}`);
      }
      return { accepted: await submit(request.requestId, request.entries.map(readSubmitted)) };
    },
    async listLogEntries(request, context) {
      const view = await views.of(context);
      const place = readPageToken('entries', request.page, ['number', 'number']);
      const page: SearchPage = await searchEntries(reader, {
        filter: readFilter(request.filter),
        isVisible: view.seesEntry,
        sinceMs: readTime(request.since),
        untilMs: readTime(request.until),
        limit: pageSizeOf(request.page),
        after: place === undefined ? undefined : { chunk: Number(place[0]), index: Number(place[1]) },
      });
      const { next } = page;
      const incidentIds = await incidentIdsOf(page.entries.flatMap(({ fingerprint }) => fingerprint?.value ?? []));
      return {
        entries: page.entries.map((entry) => writeEntry(entry, incidentIds.get(`${entry.fingerprint?.value ?? ''}/${entry.service}`))),
        nextPageToken: next === undefined ? '' : writePageToken('entries', [next.chunk, next.index]),
      };
    },
    async listTemplateCounts({ nodeIds, sources, since, until, limit }) {
      const query = {
        nodeIds,
        sources,
        sinceMs: readTime(since),
        untilMs: readTime(until),
        limit: pageSizeOf({ pageSize: limit, pageToken: '' }),
      };
      const counts = await reader.countsOf(query);
      return {
        counts: counts.map(({ severity, lastMinuteMs, ...count }) => ({
          ...count,
          severity: severity === undefined ? WireSeverity.UNSPECIFIED : writeSeverity(severity),
          lastMinute: writeTime(lastMinuteMs),
        })),
      };
    },
    async *streamLogEntries(request, context) {
      const filter: LogFilter = readFilter(request.filter);
      // Begun before the past is read, so that nothing falls between; what is in both is passed over.
      const { seesEntry } = await views.of(context);
      const live = tail.follow(filter, context.signal, seesEntry);
      let lastChunk = 0;
      const limit = Math.min(request.tail, mostPastEntries);
      if (limit > 0) {
        const past = await searchEntries(reader, {
          filter,
          isVisible: seesEntry,
          sinceMs: undefined,
          untilMs: undefined,
          limit,
          after: undefined,
        });
        for (const entry of past.entries.toReversed()) yield { entry: writeEntry(entry), dropped: 0 };
        lastChunk = chunkOf(past.entries[0]?.id ?? '');
      }
      for await (const { entry, dropped } of live) {
        if (chunkOf(entry.id) > lastChunk) yield { entry: writeEntry(entry), dropped };
      }
    },
  };
}

function chunkOf(entryId: string): number {
  return Number.parseInt(entryId, 10) || 0;
}

function readSubmitted(entry: LogEntryData): SubmittedEntry {
  const { nodeId, source, service, host, message, fields } = entry;
  return { nodeId, source, service, host, message, fields, timeMs: readTime(entry.time), severity: readSeverity(entry.severity) };
}
