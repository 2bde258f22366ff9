// Whether a journalctl that says nothing stands still: another one is asked, and finds what it should have printed.
// Must never take one that searches for long, or has nothing to print, for one that stands still.
import { setTimeout as delay } from 'node:timers/promises';
import { runJournal, type JournalProcess } from './journal-process.ts';

/**
 * @param selection which entries it has to print, those behind the last one that it did
 * @param graceMs between the other's find and the verdict: what was written only now may still come
 */
export async function standsStill(
  running: JournalProcess,
  program: string,
  selection: readonly string[],
  graceMs: number,
): Promise<boolean> {
  const { heardAtMs } = running;
  const found = await runJournal(program, [...selection, '-n', '1']);
  // No answer says nothing: a search through large files takes the other one as long.
  if (found.kind === 'failed' || found.lines.length === 0) return false;
  const hasSpoken = (): boolean => running.heardAtMs !== heardAtMs || running.exitStatus !== undefined;
  for (let waitedMs = 0; waitedMs < graceMs && !hasSpoken(); waitedMs += 100) await delay(100, undefined, { ref: false });
  return !hasSpoken();
}
