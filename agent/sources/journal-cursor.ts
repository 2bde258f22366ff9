// Reads journal cursors: whether the entry that one names is still there, and what was lost if it isn't.
// Must never treat a cursor as more than journald promises, except for its sequence number (systemd.journal-fields(7), journal-def.h).
import { runJournal } from './journal-process.ts';

/** How a cursor relates to the journal as it is now. */
export type CursorCheck =
  /** Reading goes on behind it, nothing is missing. */
  | { readonly kind: 'present' }
  /** Its entry was removed (vacuumed or rotated out), and perhaps some behind it. `records` is 0 if unknown. */
  | { readonly kind: 'removed'; readonly records: number }
  /** The journal ends before it, or doesn't understand it: journalctl would print nothing for ever. `last` is '' for an empty journal. */
  | { readonly kind: 'beyond'; readonly last: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** The cursor of an entry as `journalctl -o json` prints it; undefined if there is none. */
export function cursorOf(line: Buffer): string | undefined {
  // Quotes inside values are escaped, so that this is the field itself and nothing that a message holds.
  const start = line.indexOf(cursorKey);
  if (start < 0) return undefined;
  const end = line.indexOf(0x22, start + cursorKey.length);
  return end < 0 ? undefined : line.toString('latin1', start + cursorKey.length, end);
}

const cursorKey = '"__CURSOR":"';

/** Asks journalctl. `isWhole`: no filter applies, so that sequence numbers have no holes of their own. */
export async function checkCursor(program: string, place: readonly string[], cursor: string, isWhole: boolean): Promise<CursorCheck> {
  const found = await runJournal(program, [...place, ...oneEntry, `--cursor=${cursor}`]);
  const [entry] = found.kind === 'lines' ? found.lines : [];
  const next = entry === undefined ? undefined : cursorOf(entry);
  if (next !== undefined) {
    if (cursorParts(next).get('i') === cursorParts(cursor).get('i') && cursorParts(next).get('s') === cursorParts(cursor).get('s'))
      return { kind: 'present' };
    return { kind: 'removed', records: isWhole ? entriesBetween(cursor, next) : 0 };
  }
  const end = await runJournal(program, [...place, ...oneEntry]);
  if (end.kind === 'failed') return end;
  const [lastEntry] = end.lines;
  const last = lastEntry === undefined ? '' : (cursorOf(lastEntry) ?? '');
  return { kind: 'beyond', last, reason: found.kind === 'failed' ? found.reason : 'it lies behind the end of the journal' };
}

const oneEntry = ['-o', 'json', '--no-pager', '-q', '-n', '1', '--output-fields=_BOOT_ID'];

function entriesBetween(from: string, to: string): number {
  const [one, other] = [cursorParts(from), cursorParts(to)];
  if (one.get('s') !== other.get('s')) return 0;
  const between = Number.parseInt(other.get('i') ?? '', 16) - Number.parseInt(one.get('i') ?? '', 16) - 1;
  return Number.isSafeInteger(between) && between > 0 ? between : 0;
}

/** `s=…;i=…;b=…`: sequence id, sequence number (hexadecimal), boot and more. */
export function cursorParts(cursor: string): ReadonlyMap<string, string> {
  return new Map(cursor.split(';').map((part) => [part.slice(0, 1), part.slice(2)]));
}
