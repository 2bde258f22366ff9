// Maintenance windows: when, and of which nodes and services, nobody is to be alerted.
// Must never hide anything: what happens in a window is counted and shown.
import { HephaestusError, type ErrorDetail } from '../../base/errors.ts';
import { createUlid } from '../../base/ulid.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';

/** All that is given must hold; empty means any. */
export interface MaintenanceWindow {
  readonly id: string;
  /** Unix milliseconds. */
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly nodeIds: readonly string[];
  readonly services: readonly string[];
  /** Of nodes. */
  readonly labels: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly createdBy: string;
}

export interface MaintenanceStore {
  /** Those that end after `endAfterMs`, the one that ends last first. */
  list(endAfterMs: number): Promise<readonly MaintenanceWindow[]>;
  save(window: MaintenanceWindow): Promise<void>;
}

export interface MaintenanceOptions {
  readonly store: MaintenanceStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly labelsOf: (nodeId: string) => Readonly<Record<string, string>>;
}

const longestMs = 30 * 86_400_000;
const shownForMs = 7 * 86_400_000;
const longestText = 500;

export class MaintenanceCalendar {
  readonly #options: MaintenanceOptions;
  /** Those that aren't over; read at the start, then kept along. */
  #windows: readonly MaintenanceWindow[] = [];

  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }

  /** Reads what is kept; call once before anything else. */
  async load(): Promise<void> {
    this.#windows = await this.#options.store.list(this.#options.clock.now());
  }

  /** Also for times that are past, as long as the window is remembered: a record may be read late. */
  covers({ nodeId, service }: { readonly nodeId: string; readonly service: string }, timeMs: number): boolean {
    if (this.#windows.length === 0) return false;
    return this.#windows.some(
      (window) =>
        window.startsAtMs <= timeMs &&
        timeMs < window.endsAtMs &&
        (window.nodeIds.length === 0 || window.nodeIds.includes(nodeId)) &&
        (window.services.length === 0 || window.services.includes(service)) &&
        hasLabels(this.#options.labelsOf(nodeId), window.labels),
    );
  }

  async list(): Promise<readonly MaintenanceWindow[]> {
    return this.#options.store.list(this.#options.clock.now() - shownForMs);
  }

  /** @throws HephaestusError `maintenance.invalid` with every mistake */
  async create(wanted: Omit<MaintenanceWindow, 'id'>, everything: boolean): Promise<MaintenanceWindow> {
    const { clock, store, logger } = this.#options;
    const details = check(wanted, everything, clock.now());
    if (details.length > 0) {
      const message = details.map((detail) => `${detail.path} ${detail.message}`).join('; ');
      throw new HephaestusError({ code: 'maintenance.invalid', kind: 'validation', message, details });
    }
    const window = { ...wanted, id: createUlid(clock.now()) };
    await store.save(window);
    this.#windows = [...this.#windows.filter(({ endsAtMs }) => endsAtMs > clock.now() - shownForMs), window];
    logger.info('maintenance window created', { ...window });
    return window;
  }

  /** @throws HephaestusError `maintenance.not-found`, `maintenance.over` */
  async end(idOrPrefix: string): Promise<MaintenanceWindow> {
    const { clock, store, logger } = this.#options;
    const found = (await this.list()).filter(({ id }) => idOrPrefix !== '' && id.startsWith(idOrPrefix.toUpperCase()));
    const [window] = found;
    if (window === undefined || found.length > 1) {
      const what = window === undefined ? 'there is no maintenance window' : 'several maintenance windows begin with';
      const message = `${what} ${idOrPrefix}; list them with: hephaestusctl maintenance list`;
      throw new HephaestusError({ code: 'maintenance.not-found', kind: 'validation', message });
    }
    const nowMs = clock.now();
    if (window.endsAtMs <= nowMs)
      throw new HephaestusError({ code: 'maintenance.over', kind: 'validation', message: `maintenance window ${window.id} is over` });
    const ended = { ...window, startsAtMs: Math.min(window.startsAtMs, nowMs), endsAtMs: nowMs };
    await store.save(ended);
    this.#windows = [...this.#windows.filter(({ id }) => id !== ended.id), ended];
    logger.info('maintenance window ended', { id: ended.id });
    return ended;
  }
}

export function maintenanceState(window: MaintenanceWindow, nowMs: number): 'planned' | 'active' | 'over' {
  if (window.endsAtMs <= nowMs) return 'over';
  return window.startsAtMs > nowMs ? 'planned' : 'active';
}

function hasLabels(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function check(window: Omit<MaintenanceWindow, 'id'>, everything: boolean, nowMs: number): ErrorDetail[] {
  const details: ErrorDetail[] = [];
  if (window.endsAtMs <= window.startsAtMs) details.push({ path: 'ends_at', message: 'must come after the start' });
  else if (window.endsAtMs <= nowMs) details.push({ path: 'ends_at', message: 'is past' });
  if (window.endsAtMs - window.startsAtMs > longestMs) details.push({ path: 'ends_at', message: 'is more than 30 days after the start' });
  if (window.reason.length > longestText) details.push({ path: 'reason', message: `is longer than ${longestText} characters` });
  const isNarrow = window.nodeIds.length > 0 || window.services.length > 0 || Object.keys(window.labels).length > 0;
  if (!isNarrow && !everything)
    details.push({ path: 'nodes', message: 'name nodes, services or labels, or say that it is for everything' });
  if (isNarrow && everything) details.push({ path: 'everything', message: 'excludes nodes, services and labels' });
  return details;
}
