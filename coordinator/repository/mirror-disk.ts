// Keeps mirrors and work trees within their share of the disk: what was used longest ago goes first and is fetched again when it is needed.
// Must never remove a mirror that is in use or was a moment ago, nor anything outside the two folders.
import { lstat, readdir, statfs, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';

export interface MirrorDiskOptions {
  /** A folder for each repository, named by its id. */
  readonly directory: string;
  /** Of all mirrors together. */
  readonly maxBytes: number;
  /** A mirror that wasn't used for so long is removed. */
  readonly maxIdleMs: number;
  /** Of the file system: with less nothing is fetched or checked out. */
  readonly leastFreeBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a sweep found and did. */
export interface DiskReport {
  readonly mirrors: number;
  readonly bytes: number;
  readonly removed: number;
}

/** Removes one mirror unless it is used meanwhile; false if it was. */
export type RemoveMirror = (id: string, unusedSinceMs: number) => Promise<boolean>;

/** A job reads a mirror many times; between two readings it isn't taken away. */
const graceMs = 3_600_000;
/** Its time says when the mirror was used last; it outlives the process. */
const mark = 'used';
const markedEveryMs = 60_000;

interface Kept {
  readonly id: string;
  readonly usedAtMs: number;
  readonly bytes: number;
}

export class MirrorDisk {
  readonly #options: MirrorDiskOptions;
  readonly #usedAtMs = new Map<string, number>();
  readonly #markedAtMs = new Map<string, number>();

  constructor(options: MirrorDiskOptions) {
    this.#options = options;
  }

  /** Notes that a mirror is used now. */
  use(id: string): void {
    const nowMs = this.#options.clock.now();
    this.#usedAtMs.set(id, nowMs);
    if (nowMs - (this.#markedAtMs.get(id) ?? 0) < markedEveryMs) return;
    this.#markedAtMs.set(id, nowMs);
    const file = join(this.#options.directory, id, mark);
    const at = new Date(nowMs);
    // There is no folder before the first clone; without the mark the mirror only looks older after a restart.
    void writeFile(file, '', { flag: 'a' })
      .then(async () => utimes(file, at, at))
      .catch(() => this.#markedAtMs.delete(id));
  }

  usedAtMs(id: string): number {
    return this.#usedAtMs.get(id) ?? 0;
  }

  forget(id: string): void {
    this.#usedAtMs.delete(id);
    this.#markedAtMs.delete(id);
  }

  /**
   * Removes mirrors of repositories that are gone, those that nobody used for long, and while they are too large together the one that
   * was used longest ago.
   */
  async sweep(isKnown: (id: string) => boolean, remove: RemoveMirror, neededBytes = 0): Promise<DiskReport> {
    const { maxBytes, maxIdleMs, clock, logger } = this.#options;
    const kept = (await this.#list()).toSorted((left, right) => left.usedAtMs - right.usedAtMs);
    const nowMs = clock.now();
    let bytes = kept.reduce((sum, one) => sum + one.bytes, 0);
    let removed = 0;
    for (const one of kept) {
      const reason = !isKnown(one.id)
        ? 'its repository is not there any more'
        : nowMs - one.usedAtMs > maxIdleMs
          ? 'it was not used for long'
          : bytes + neededBytes > maxBytes
            ? 'the mirrors are too large together'
            : undefined;
      if (reason === undefined || nowMs - Math.max(one.usedAtMs, this.usedAtMs(one.id)) < graceMs) continue;
      if (!(await remove(one.id, nowMs - graceMs))) continue;
      bytes -= one.bytes;
      removed++;
      this.forget(one.id);
      logger.info('mirror removed', { repositoryId: one.id, bytes: one.bytes, reason });
    }
    if (bytes > maxBytes)
      logger.warn(
        'mirrors in use are larger than they may be together; raise mirrors.maxSize, or set clone: partial for large repositories',
        {
          bytes,
          maxBytes,
        },
      );
    return { mirrors: kept.length - removed, bytes, removed };
  }

  /** @throws HephaestusError `repository.disk-full` where too little is free, also after `makeRoom` */
  async requireRoom(makeRoom: (neededBytes: number) => Promise<unknown>): Promise<void> {
    const { leastFreeBytes, directory } = this.#options;
    const missing = leastFreeBytes - (await freeBytes(directory));
    if (missing <= 0) return;
    await makeRoom(missing);
    const free = await freeBytes(directory);
    if (free >= leastFreeBytes) return;
    throw new HephaestusError({
      code: 'repository.disk-full',
      kind: 'system',
      retry: 'safe',
      message: `only ${megabytes(free)} are free where repositories are kept (${directory}), less than mirrors.leastFree (${megabytes(leastFreeBytes)}); make room there, then it is tried again`,
    });
  }

  async #list(): Promise<readonly Kept[]> {
    const { directory } = this.#options;
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    const kept: Kept[] = [];
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      const folder = join(directory, entry.name);
      const marked = await lstat(join(folder, mark)).catch(() => lstat(folder).catch(() => undefined));
      const usedAtMs = Math.max(marked?.mtimeMs ?? 0, this.usedAtMs(entry.name));
      kept.push({ id: entry.name, usedAtMs, bytes: await sizeOf(folder) });
    }
    return kept;
  }
}

/** Bytes on the disk, of a file or of all that is in a folder; what vanishes meanwhile counts nothing. */
export async function sizeOf(path: string): Promise<number> {
  const status = await lstat(path).catch(() => undefined);
  if (status === undefined) return 0;
  let bytes = status.blocks * 512;
  if (status.isDirectory()) {
    const names = await readdir(path).catch(() => []);
    for (const name of names) bytes += await sizeOf(join(path, name));
  }
  return bytes;
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory).catch(async () => statfs('/'));
  return bavail * bsize;
}

function megabytes(bytes: number): string {
  return `${String(Math.round(bytes / 1024 / 1024))} MiB`;
}
