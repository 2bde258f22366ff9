// Joins the stages: pulls from every source in turn, redacts, and hands shipments to the session.
// Must never queue more than one shipment a source, or let a busy source starve a quiet one.
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../base/logger.ts';
import type { Chunk, Shipment, SourcePosition, SourceStatus } from './record.ts';
import type { SourceSettings } from './source-settings.ts';
import { positionKey } from './session/positions-file.ts';
import type { PullAllowance, ShipmentFeed, SourceOrigin } from './session/shipment-feed.ts';
import type { Source } from './sources/source.ts';

/** Replaces secrets in a chunk; `start` and `end` stay as they are. */
export interface Redactor {
  redact(chunk: Chunk): Chunk;
}

/** Makes fewer and shorter shipments of what is pulled, that settle the same bytes. */
export interface ShipmentReducer {
  /** What is to be shipped now, in order. */
  take(shipment: Shipment, service: string): readonly Shipment[];
  /** Milliseconds until something waited long enough; undefined while nothing waits. */
  dueInMs(): number | undefined;
  due(): readonly Shipment[];
  flush(): readonly Shipment[];
  /** Forgets what waits; it is pulled again. */
  reset(): void;
}

export interface PipelineOptions {
  readonly createSource: (settings: SourceSettings) => Source;
  /** Undefined: nothing is redacted. */
  readonly redactor: () => Redactor | undefined;
  /** Undefined: everything is shipped as it is. */
  readonly reduction: () => ShipmentReducer | undefined;
  /** Ceilings of memory and CPU. */
  readonly allowance: () => PullAllowance;
  /** Told of all bytes that were read, before anything is done with them. */
  readonly noteRead: (bytes: number) => void;
  readonly logger: Logger;
}

export interface Pipeline extends ShipmentFeed {
  /** Closes sources that are gone or changed and opens new ones; those that stay the same go on undisturbed. */
  configure(sources: readonly SourceSettings[]): Promise<void>;
  rescan(): Promise<void>;
  /** The last records of a source as they stand, redacted; undefined if there is no such source. */
  last(source: string, count: number): Promise<readonly string[] | undefined>;
  status(): readonly SourceStatus[];
  close(): Promise<void>;
}

/** All sources together are asked for so much at a time: what each has ready is held until its turn comes. */
const mostHeldBytes = 4 * 1024 * 1024;
/** And each for at least so much, however many there are. */
const leastPulledBytes = 256 * 1024;

/** Pulled at once where records are reduced. */
const mostReducedBytes = 64 * 1024;

export function createPipeline(options: PipelineOptions): Pipeline {
  return new TurnTakingPipeline(options);
}

interface Lane {
  settings: SourceSettings;
  source: Source;
  /** Aborts what was pulled before the last (re-)opening or after closing. */
  pulls: AbortController;
  state: 'idle' | 'pulling' | 'ready';
  shipment: Shipment | undefined;
}

class TurnTakingPipeline implements Pipeline {
  readonly #options: PipelineOptions;
  /** In the order of their turns: whoever was served goes to the end. */
  #lanes: Lane[] = [];
  /** By source and file, up to what was handed out, so that a source whose settings change goes on where it stood. */
  readonly #positions = new Map<string, Map<string, SourcePosition>>();
  /** Reduced, and not asked for yet. */
  #ready: Shipment[] = [];
  #reducer: ShipmentReducer | undefined;
  #isOpen = false;
  #wake: (() => void) | undefined;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  async open(positions: readonly SourcePosition[], isAnew: boolean): Promise<void> {
    this.#positions.clear();
    for (const position of positions) this.#remember(position);
    this.#ready = [];
    this.#reducer?.reset();
    this.#isOpen = true;
    for (const lane of this.#lanes) {
      if (isAnew) await this.#replaceSource(lane);
      await this.#openLane(lane);
    }
  }

  async next(maxBytes: number, signal: AbortSignal): Promise<Shipment> {
    for (;;) {
      signal.throwIfAborted();
      const reduced = this.#nextReduced();
      if (reduced !== undefined) return reduced;
      const index = this.#lanes.findIndex(({ state }) => state === 'ready');
      const lane = this.#lanes[index];
      if (lane?.shipment !== undefined) {
        const { shipment } = lane;
        lane.shipment = undefined;
        lane.state = 'idle';
        this.#lanes = [...this.#lanes.slice(0, index), ...this.#lanes.slice(index + 1), lane];
        const settled = shipment.kind === 'gap' ? [shipment.to] : [shipment.end, ...shipment.alsoSettles];
        for (const position of settled) this.#remember({ source: shipment.source, position });
        if (shipment.kind !== 'gap') this.#options.noteRead(shipment.bytes.length);
        const redacted = shipment.kind === 'gap' ? shipment : (this.#options.redactor()?.redact(shipment) ?? shipment);
        if (this.#reducer === undefined) return redacted;
        this.#ready.push(...this.#reducer.take(redacted, lane.settings.service ?? ''));
        continue;
      }
      // What reduction says of very short records is longer than they are; a batch must hold it all the same.
      const share = Math.max(leastPulledBytes, Math.floor(mostHeldBytes / this.#lanes.length));
      const atMost = Math.min(maxBytes, this.#reducer === undefined ? share : mostReducedBytes);
      for (const idle of this.#lanes) if (idle.state === 'idle') this.#pull(idle, atMost);
      await this.#waitForChange(signal, this.#reducer?.dueInMs());
    }
  }

  /** What reduction has ready; what waits in one that is switched off comes first. */
  #nextReduced(): Shipment | undefined {
    const reducer = this.#options.reduction();
    if (reducer !== this.#reducer) {
      if (this.#reducer !== undefined) this.#ready.push(...this.#reducer.flush());
      this.#reducer = reducer;
    }
    if (this.#ready.length === 0 && reducer !== undefined) this.#ready.push(...reducer.due());
    return this.#ready.shift();
  }

  originOf(source: string): SourceOrigin {
    const settings = this.#lanes.find((lane) => lane.settings.id === source)?.settings;
    return { service: settings?.service ?? '', labels: settings?.labels ?? {} };
  }

  allowance(): PullAllowance {
    return this.#options.allowance();
  }

  acknowledge(position: SourcePosition): void {
    this.#lanes.find(({ source }) => source.id === position.source)?.source.acknowledge(position.position);
  }

  async configure(sources: readonly SourceSettings[]): Promise<void> {
    const wanted = sources.filter(({ disabled }) => !disabled);
    const isWanted = (lane: Lane): boolean => wanted.some((settings) => readsAlike(settings, lane.settings));
    // All that can be wrong with settings shows here, before anything is touched.
    const added = wanted
      .filter((settings) => !this.#lanes.some((lane) => readsAlike(settings, lane.settings)))
      .map((settings): Lane => {
        const source = this.#options.createSource(settings);
        return { settings, source, pulls: new AbortController(), state: 'idle', shipment: undefined };
      });
    const dropped = this.#lanes.filter((lane) => !isWanted(lane));
    this.#lanes = this.#lanes.filter(isWanted);
    for (const lane of this.#lanes) lane.settings = wanted.find(({ id }) => id === lane.settings.id) ?? lane.settings;
    for (const lane of dropped) {
      this.#options.logger.info('source closed', { source: lane.source.id });
      lane.pulls.abort();
      await lane.source.close();
    }
    for (const lane of added) {
      this.#options.logger.info('source opened', { source: lane.source.id });
      if (this.#isOpen) await this.#openLane(lane);
      this.#lanes.push(lane);
    }
    this.#wake?.();
  }

  async rescan(): Promise<void> {
    await Promise.all(this.#lanes.map(({ source }) => source.rescan()));
  }

  async last(id: string, count: number): Promise<readonly string[] | undefined> {
    const lane = this.#lanes.find(({ source }) => source.id === id);
    if (lane === undefined) return undefined;
    const chunk = await lane.source.last(count);
    if (chunk === undefined) return [];
    const { bytes, recordLengths } = this.#options.redactor()?.redact(chunk) ?? chunk;
    let end = 0;
    return recordLengths.map((length) => bytes.toString('utf8', end, (end += length)).trimEnd());
  }

  status(): readonly SourceStatus[] {
    return this.#lanes.map(({ source }) => source.status());
  }

  async close(): Promise<void> {
    await this.configure([]);
  }

  async #replaceSource(lane: Lane): Promise<void> {
    lane.pulls.abort();
    await lane.source.close();
    lane.source = this.#options.createSource(lane.settings);
  }

  async #openLane(lane: Lane): Promise<void> {
    lane.pulls.abort();
    lane.pulls = new AbortController();
    lane.shipment = undefined;
    lane.state = 'idle';
    await lane.source.open(this.#positionsOf(lane.source.id).map(({ position }) => position));
  }

  #positionsOf(source: string): readonly SourcePosition[] {
    return [...(this.#positions.get(source)?.values() ?? [])];
  }

  #remember(position: SourcePosition): void {
    const ofSource = this.#positions.get(position.source) ?? new Map<string, SourcePosition>();
    ofSource.set(positionKey(position), position);
    this.#positions.set(position.source, ofSource);
  }

  #pull(lane: Lane, maxBytes: number): void {
    const { signal } = lane.pulls;
    lane.state = 'pulling';
    lane.source.next(maxBytes, signal).then(
      (shipment) => {
        // What an older session pulled is yielded again by the newly opened source.
        if (signal.aborted) return;
        lane.shipment = shipment;
        lane.state = 'ready';
        this.#wake?.();
      },
      (error: unknown) => {
        if (signal.aborted) return;
        lane.state = 'idle';
        this.#options.logger.error('source failed', { source: lane.source.id, err: error });
      },
    );
  }

  async #waitForChange(signal: AbortSignal, limitMs: number | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    this.#wake = wake;
    signal.addEventListener('abort', wake, { once: true });
    const timer = limitMs === undefined ? undefined : setTimeout(wake, limitMs);
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', wake);
  }
}

/** Whose lines they are is asked when they are shipped; a source need not be opened anew for that, nor let go of files that only it still holds. */
function readsAlike(one: SourceSettings, other: SourceSettings): boolean {
  return isDeepStrictEqual({ ...one, service: '', labels: {} }, { ...other, service: '', labels: {} });
}
