// Looks through kept entries, newest first, a page at a time.
// Must never read without bound: a page ends after so many chunks, and its token goes on from there.
import { severities } from '../../analysis/severity.ts';
import { unpackChunk } from './chunk.ts';
import { compileFilter, type LogEntry, type LogFilter } from './entry.ts';
import type { LogReader } from './log-store.ts';

export interface SearchQuery {
  readonly filter: LogFilter;
  /** Beside the filter: what whoever asks may see. */
  readonly isVisible: (entry: LogEntry) => boolean;
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly limit: number;
  /** Go on behind this entry. */
  readonly after: EntryPlace | undefined;
}

export interface EntryPlace {
  readonly chunk: number;
  readonly index: number;
}

export interface SearchPage {
  readonly entries: readonly LogEntry[];
  /** Undefined at the end. A page may be short, or empty, and still go on. */
  readonly next: EntryPlace | undefined;
}

const chunksAtOnce = 16;
const mostChunks = 400;

export async function searchEntries(reader: LogReader, query: SearchQuery): Promise<SearchPage> {
  const accepts = compileFilter(query.filter);
  const found: LogEntry[] = [];
  let place = query.after;
  for (let looked = 0; looked < mostChunks;) {
    const chunks = await reader.chunks({
      filter: query.filter,
      worstAtMost: query.filter.minimumSeverity === undefined ? severities.length : severities.indexOf(query.filter.minimumSeverity),
      sinceMs: query.sinceMs,
      untilMs: query.untilMs,
      beforeOrAt: place?.chunk,
      limit: chunksAtOnce,
    });
    for (const chunk of chunks) {
      looked++;
      const entries = unpackChunk(chunk);
      const from = place?.chunk === chunk.id ? Math.min(place.index, entries.length) - 1 : entries.length - 1;
      for (let index = from; index >= 0; index--) {
        const entry = entries[index];
        if (entry === undefined || !accepts(entry) || !query.isVisible(entry) || !isWithin(entry, query)) continue;
        found.push(entry);
        if (found.length === query.limit) return { entries: found, next: { chunk: chunk.id, index } };
      }
      // Index 0 of this chunk is done: the next page begins at an older chunk.
      place = { chunk: chunk.id, index: 0 };
    }
    if (chunks.length < chunksAtOnce) return { entries: found, next: undefined };
    place = { chunk: (place?.chunk ?? 1) - 1, index: Number.MAX_SAFE_INTEGER };
  }
  return { entries: found, next: place };
}

function isWithin(entry: LogEntry, query: SearchQuery): boolean {
  return (query.sinceMs === undefined || entry.timeMs >= query.sinceMs) && (query.untilMs === undefined || entry.timeMs <= query.untilMs);
}
