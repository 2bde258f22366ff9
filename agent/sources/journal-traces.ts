// Joins the lines of a stack trace that a process wrote as many journal entries, into the first of them.
// Must never join what different processes wrote, nor lose a field of an entry that stays by itself.
import { TraceJoiner } from '../../analysis/traces/continuation.ts';

export interface TraceLimits {
  readonly maxBytes: number;
  readonly maxLines: number;
}

/** The lines of a trace are written as entries one right after the other; so long is waited for the next one. */
export const traceWait = { quietMs: 100, mostMs: 1000 };
export const traceLimits: TraceLimits = { maxBytes: 256 * 1024, maxLines: 1000 };

interface OpenTrace {
  readonly joiner: TraceJoiner;
  /** Entries that belong together, as indexes of what is joined; the first one stays. */
  members: number[];
  /** Entries behind them that may belong to them too. */
  undecided: number[];
  bytes: number;
}

/**
 * @param entries as `journalctl -o json` prints them, in their order; those of one process need not follow each other
 * @returns the same, where entries that go on with a trace are part of the first one's MESSAGE, line by line
 */
export function joinTraces(entries: readonly Buffer[], limits: TraceLimits): readonly Buffer[] {
  const open = new Map<string, OpenTrace>();
  /** By the index of the entry that they are joined to. */
  const joined = new Map<number, readonly number[]>();
  for (const [index, entry] of entries.entries()) {
    const writer = writerOf(entry);
    const message = writer === undefined ? undefined : messageOf(entry);
    if (writer === undefined || message === undefined) continue;
    const trace = open.get(writer) ?? { joiner: new TraceJoiner(), members: [], undecided: [], bytes: 0 };
    open.set(writer, trace);
    const verdict = trace.joiner.next(message);
    const isFull = trace.bytes + entry.length > limits.maxBytes || trace.members.length + trace.undecided.length >= limits.maxLines;
    if (verdict === 'starts' || trace.members.length === 0 || isFull) {
      trace.members = [index];
      trace.undecided = [];
      trace.bytes = entry.length;
    } else if (verdict === 'maybe') {
      trace.undecided.push(index);
    } else {
      const begins = verdict === 'attaches' ? trace.undecided.pop() : undefined;
      if (begins !== undefined) {
        trace.members = [begins];
        trace.undecided = [];
        trace.bytes = entries[begins]?.length ?? 0;
      }
      trace.members = [...trace.members, ...trace.undecided, index];
      trace.undecided = [];
      trace.bytes += entry.length;
      const [first = index, ...others] = trace.members;
      joined.set(first, others);
    }
  }
  if (joined.size === 0) return entries;
  const absorbed = new Set([...joined.values()].flat());
  return entries.flatMap((entry, index) => {
    if (absorbed.has(index)) return [];
    const others = joined.get(index);
    return [
      others === undefined
        ? entry
        : joinEntries(
            entry,
            others.map((other) => entries[other] ?? Buffer.alloc(0)),
          ),
    ];
  });
}

function joinEntries(first: Buffer, others: readonly Buffer[]): Buffer {
  const entry = JSON.parse(first.toString('utf8')) as Record<string, unknown>;
  const messages = [first, ...others].map((each) => messageOf(each) ?? '');
  return Buffer.from(`${JSON.stringify({ ...entry, MESSAGE: messages.join('\n') })}\n`);
}

/** Unit, process and stream; undefined where no process is named. */
function writerOf(entry: Buffer): string | undefined {
  const pid = fieldOf(entry, '_PID');
  return pid === undefined ? undefined : `${pid} ${fieldOf(entry, '_STREAM_ID') ?? ''} ${fieldOf(entry, '_SYSTEMD_UNIT') ?? ''}`;
}

/** Undefined for bytes that are no text, and for a field that is repeated. */
function messageOf(entry: Buffer): string | undefined {
  const text = fieldOf(entry, 'MESSAGE');
  return text === undefined ? undefined : (JSON.parse(`"${text}"`) as string);
}

/** The JSON text of a field's value, without looking at the others. */
function fieldOf(entry: Buffer, name: string): string | undefined {
  // Quotes inside values are escaped, so that this is the field itself.
  const key = `"${name}":"`;
  const found = entry.indexOf(key);
  if (found < 0) return undefined;
  const start = found + key.length;
  for (let end = entry.indexOf(0x22, start); end >= 0; end = entry.indexOf(0x22, end + 1)) {
    let backslashes = 0;
    while (entry[end - 1 - backslashes] === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return entry.toString('utf8', start, end);
  }
  return undefined;
}
