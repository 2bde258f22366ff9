// Files of ours that couldn't be opened when they were found: where they are read on once they can be, whatever their name is by then.
// Must never open anything itself, nor take another file for one of them: device, inode and birth tell.
import { birthKey } from './file-identity.ts';
import type { FileFacts } from './file-identity.ts';
import type { Beginning } from './generation-order.ts';
import type { RotatedFile } from './rotated-names.ts';

/** Where following begins in the file that was opened; undefined for its start. */
export type Decide = (descriptor: number) => Beginning | undefined;

interface Unopened extends RotatedFile {
  readonly decide: Decide | undefined;
}

export class UnopenedFiles {
  readonly #files = new Map<string, Unopened>();

  /** `path` is the name that it had when it was found first: its rotations are named after that. */
  note(path: string, facts: FileFacts, decide: Decide | undefined): void {
    const name = birthKey(facts);
    const known = this.#files.get(name);
    this.#files.set(name, { path: known?.path ?? path, facts, decide: decide ?? known?.decide });
  }

  /** What was decided for this file when it couldn't be opened. */
  decisionFor(facts: FileFacts): Decide | undefined {
    return this.#files.get(birthKey(facts))?.decide;
  }

  forget(facts: FileFacts): void {
    this.#files.delete(birthKey(facts));
  }

  /** Those that are not among these: they were renamed, or are gone. */
  missingIn(found: ReadonlyMap<string, FileFacts>): readonly RotatedFile[] {
    if (this.#files.size === 0) return [];
    const names = new Set([...found.values()].map(birthKey));
    return [...this.#files].filter(([name]) => !names.has(name)).map(([, file]) => file);
  }

  clear(): void {
    this.#files.clear();
  }
}
