// Whether entries are missing between two that journalctl printed one after the other: journald numbers them, file by file.
// Must never take a number that was never written for a lost entry: what the files' headers say they hold decides.
import { accessSync, constants, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../base/errors.ts';
import { cursorParts } from './journal-cursor.ts';
import { runJournal } from './journal-process.ts';
import type { JournalSelection } from './journal-selection.ts';

/** Numbers between two entries that were written in one sequence. */
export interface Hole {
  readonly sequence: string;
  readonly first: number;
  readonly last: number;
}

/** Undefined where the numbers follow each other, or belong to two sequences. Only good where no filter leaves entries out. */
export function holeBetween(from: string, to: string): Hole | undefined {
  const [one, other] = [cursorParts(from), cursorParts(to)];
  const sequence = one.get('s');
  if (sequence === undefined || sequence !== other.get('s')) return undefined;
  const first = Number.parseInt(one.get('i') ?? '', 16) + 1;
  const last = Number.parseInt(other.get('i') ?? '', 16) - 1;
  return first <= last ? { sequence, first, last } : undefined;
}

/** What the header of a journal file says. */
export interface JournalFileHeader {
  readonly sequence: string;
  readonly head: number;
  readonly tail: number;
  readonly entries: number;
}

/** What `journalctl --header` prints; names are written in one or another case from version to version. */
export function readHeaders(text: string): readonly JournalFileHeader[] {
  return text.split(/^file path:.*$/im).flatMap((part) => {
    const valueOf = (name: string): string => new RegExp(`^\\s*${name}:\\s*(\\w+)`, 'im').exec(part)?.[1] ?? '';
    const sequence = valueOf('sequential number id');
    const [head, tail, entries] = ['head sequential number', 'tail sequential number', 'entry objects'].map((name) =>
      Number(valueOf(name)),
    );
    if (sequence === '' || head === undefined || tail === undefined || entries === undefined) return [];
    return Number.isInteger(head + tail + entries) && entries > 0 ? [{ sequence, head, tail, entries }] : [];
  });
}

/**
 * How many entries of a hole were surely written: files that hold as many entries as their numbers go from first to last have
 * those of the hole too, and could not be read there; numbers that no file holds were in one that is gone or can't be opened.
 * @param isWhole every file may be read by this user
 */
export function countLost({ sequence, first, last }: Hole, headers: readonly JournalFileHeader[], isWhole: boolean): number {
  const files = headers.filter((header) => header.sequence === sequence).toSorted((one, other) => one.head - other.head);
  // Files that hold the entries of different users share their numbers, so that only together they tell which were written.
  const clusters: { head: number; tail: number; entries: number }[] = [];
  for (const { head, tail, entries } of files) {
    const cluster = clusters.at(-1);
    if (cluster === undefined || head > cluster.tail) clusters.push({ head, tail, entries });
    else {
      cluster.tail = Math.max(cluster.tail, tail);
      cluster.entries += entries;
    }
  }
  let lost = 0;
  let covered = 0;
  for (const { head, tail, entries } of clusters) {
    const inside = Math.min(tail, last) - Math.max(head, first) + 1;
    if (inside <= 0) continue;
    covered += inside;
    const neverWritten = tail - head + 1 - entries;
    lost += Math.max(0, inside - Math.max(0, neverWritten));
  }
  return lost + (isWhole ? last - first + 1 - covered : 0);
}

/** @returns how many entries of the hole are lost; 0 also where that can't be found out */
export async function findLost(program: string, { place, folders }: JournalSelection, hole: Hole): Promise<number> {
  const isWhole = folders.every(mayReadAll);
  const once = async (): Promise<number> => {
    const answer = await runJournal(program, [...place, '--header', '--no-pager', '-q']);
    return answer.kind === 'failed' ? 0 : countLost(hole, readHeaders(Buffer.concat(answer.lines).toString('latin1')), isWhole);
  };
  const lost = await once();
  // A file that is being written may be looked at between two fields of its header.
  return lost === 0 ? 0 : Math.min(lost, await once());
}

function mayReadAll(folder: string): boolean {
  try {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      if (/\.journal~?$/.test(name)) accessSync(join(folder, name), constants.R_OK);
    return true;
  } catch (error) {
    // Not there: nothing that can't be read. Gone meanwhile: it was archived or vacuumed.
    return errnoOf(error) === 'ENOENT';
  }
}
