// The last acknowledged positions on disk, for the case that the coordinator's word is missing.
// Must never stop the agent: a file that is damaged, or can't be written, is told and done without.
import { rename } from 'node:fs/promises';
import * as z from 'zod';
import { readEnvelope, writeEnvelope } from '../../base/atomic-file.ts';
import type { Clock } from '../../base/clock.ts';
import { HephaestusError, errnoOf } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { SourcePosition } from '../record.ts';

export interface PositionsFileOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long an acknowledged position may wait before it is written. Default 1,000 ms. */
  readonly writeEveryMs?: number | undefined;
}

export interface PositionsFile {
  /** What was written last, or nothing if the file is absent or no use; then it says so and keeps the damaged one aside. */
  load(): Promise<readonly SourcePosition[]>;
  all(): readonly SourcePosition[];
  /** Remembers it; it is written within `writeEveryMs`. */
  record(position: SourcePosition): void;
  /** Takes these as the truth for the files they name. */
  adopt(positions: readonly SourcePosition[]): void;
  /** Writes what is not written yet. Rejects if that fails. */
  flush(): Promise<void>;
  /** Writes what is not written yet, and nothing after that. Rejects if that fails. */
  close(): Promise<void>;
  /** Undefined while writing works; otherwise why it doesn't. */
  failure(): string | undefined;
}

/** Raised with every change of the format. */
const formatVersion = 1;

/** Those that follow each other closely are written together. */
const soonMs = 50;

/** Positions of files that are long gone are dropped, least recently acknowledged first, beyond this many. */
const mostPositions = 20_000;

export function openPositionsFile(options: PositionsFileOptions): PositionsFile {
  const { path, clock, logger } = options;
  /** In order of their last acknowledgement, oldest first. */
  const positions = new Map<string, SourcePosition>();
  let isDirty = false;
  let failure: string | undefined;
  let writing: Promise<void> = Promise.resolve();
  let isScheduled = false;
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  const closing = new AbortController();

  function remember(position: SourcePosition): void {
    const key = positionKey(position);
    positions.delete(key);
    positions.set(key, position);
    isDirty = true;
    for (const oldest of positions.keys()) {
      if (positions.size <= mostPositions) break;
      positions.delete(oldest);
    }
  }

  async function write(): Promise<void> {
    isDirty = false;
    writtenAtMs = clock.monotonicMs();
    try {
      await writeEnvelope(path, formatVersion, [...positions.values()].map(toStored));
      if (failure !== undefined) logger.info('positions are written again', { path });
      failure = undefined;
    } catch (error) {
      isDirty = true;
      const reason = HephaestusError.from(error);
      if (failure === undefined) {
        logger.warn('positions cannot be written; the coordinator keeps them too, and writing is tried again', { path, err: error });
      }
      failure = reason.message;
      throw error;
    }
  }

  async function flush(): Promise<void> {
    // One write at a time, and the last one sees the newest positions.
    const mine = writing.then(
      () => (isDirty ? write() : undefined),
      () => (isDirty ? write() : undefined),
    );
    writing = mine;
    await mine;
  }

  function schedule(): void {
    if (isScheduled || closing.signal.aborted) return;
    isScheduled = true;
    const everyMs = options.writeEveryMs ?? 1000;
    // Soon after a calm: whoever is killed then knows what was new.
    const waitMs = Math.max(Math.min(everyMs, soonMs), writtenAtMs + everyMs - clock.monotonicMs());
    void clock
      .sleep(waitMs, closing.signal)
      .then(flush)
      // Told in write(); the positions stay dirty, so that it is tried again.
      .catch(() => undefined)
      .finally(() => {
        isScheduled = false;
        if (isDirty) schedule();
      });
  }

  return {
    async load() {
      const loaded = await read(path);
      if (loaded.kind === 'damaged') {
        const aside = `${path}.damaged`;
        logger.warn('the positions on disk are no use; the coordinator is asked, and files that it does not know begin anew', {
          path,
          reason: loaded.reason,
          keptAs: aside,
        });
        await rename(path, aside).catch((error: unknown) => {
          if (errnoOf(error) !== 'ENOENT') logger.warn('the damaged positions could not be moved aside', { path, err: error });
        });
        return [];
      }
      if (loaded.kind === 'absent') return [];
      for (const position of loaded.positions) remember(position);
      isDirty = false;
      return loaded.positions;
    },
    all: () => [...positions.values()],
    record(position) {
      remember(position);
      schedule();
    },
    adopt(adopted) {
      if (adopted.length === 0) return;
      for (const position of adopted) remember(withOurMark(position, positions.get(positionKey(position))));
      schedule();
    },
    flush,
    async close() {
      closing.abort();
      await flush();
    },
    failure: () => failure,
  };
}

/** The coordinator's word where it says something, and ours for the files that it doesn't name. */
export function mergePositions(theirs: readonly SourcePosition[], ours: readonly SourcePosition[]): readonly SourcePosition[] {
  const named = new Set(theirs.map(positionKey));
  const byKey = new Map(ours.map((position) => [positionKey(position), position]));
  return [
    ...theirs.map((position) => withOurMark(position, byKey.get(positionKey(position)))),
    ...ours.filter((position) => !named.has(positionKey(position))),
  ];
}

/** Whether a file is finished is known here only; at another offset it isn't that file's end. */
function withOurMark(their: SourcePosition, our: SourcePosition | undefined): SourcePosition {
  if (their.position.kind !== 'file' || our?.position.kind !== 'file') return their;
  const { isFinished, offset } = our.position;
  return isFinished === true && offset === their.position.offset
    ? { source: their.source, position: { ...their.position, isFinished } }
    : their;
}

/** What names a file: device, inode and generation within its source (record.ts); the journal has one position. */
export function positionKey({ source, position }: SourcePosition): string {
  if (position.kind === 'journal') return `${source}\0journal`;
  const { device, inode, generation } = position.identity;
  return `${source}\0${device}:${inode}:${generation}`;
}

const storedPosition = z.union([
  z.object({ source: z.string(), cursor: z.string() }),
  z.object({
    source: z.string(),
    device: z.string(),
    inode: z.string(),
    generation: z.number().int(),
    fingerprint: z.string(),
    fingerprintLength: z.number().int(),
    offset: z.number().int().min(0),
    path: z.string(),
    isFinished: z.boolean().optional(),
  }),
]);
type StoredPosition = z.output<typeof storedPosition>;

function toStored({ source, position }: SourcePosition): StoredPosition {
  if (position.kind === 'journal') return { source, cursor: position.cursor };
  const { identity, offset, path, isFinished } = position;
  return { source, ...identity, fingerprint: identity.fingerprint.toString('hex'), offset, path, isFinished };
}

function fromStored(stored: StoredPosition): SourcePosition {
  if ('cursor' in stored) return { source: stored.source, position: { kind: 'journal', cursor: stored.cursor } };
  const { source, offset, path, isFinished, fingerprint, ...identity } = stored;
  return {
    source,
    position: { kind: 'file', identity: { ...identity, fingerprint: Buffer.from(fingerprint, 'hex') }, offset, path, isFinished },
  };
}

type Loaded =
  | { readonly kind: 'read'; readonly positions: readonly SourcePosition[] }
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly reason: string };

async function read(path: string): Promise<Loaded> {
  let envelope;
  try {
    envelope = await readEnvelope(path);
  } catch (error) {
    return { kind: 'damaged', reason: HephaestusError.from(error).message };
  }
  if (envelope.kind !== 'read') return envelope;
  if (envelope.version !== formatVersion) {
    return { kind: 'damaged', reason: `it has format ${envelope.version}, this version reads ${formatVersion}` };
  }
  const parsed = z.array(storedPosition).safeParse(envelope.body);
  if (!parsed.success) return { kind: 'damaged', reason: 'its contents have another shape than expected' };
  return { kind: 'read', positions: parsed.data.map(fromStored) };
}
