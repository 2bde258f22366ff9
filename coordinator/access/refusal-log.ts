// Records failed authentication and forbidden calls, so many a minute; what is too much is counted.
// Must never let whoever knocks fill the disk.
import type { Clock } from '../../base/clock.ts';
import type { AuditLog } from './audit-log.ts';
import type { Actor } from './audit-store.ts';

export interface Refusal {
  readonly actor: Actor;
  /** What was asked for. */
  readonly subject: string;
  /** Our code for why not. */
  readonly code: string;
}

const windowMs = 60_000;
/** Records a minute, of everybody together. */
const mostRecords = 60;
/** Callers that are told apart within a minute; the rest count together. */
const mostCallers = 1000;

export class RefusalLog {
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  /** Caller and code, to how often more it was refused since the record. */
  readonly #repeats = new Map<string, { readonly refusal: Refusal; more: number }>();
  #untold = 0;
  #recorded = 0;

  constructor(audit: AuditLog, clock: Clock) {
    this.#audit = audit;
    this.#clock = clock;
  }

  /** The first of a caller and code within a minute is a record, the others are counted. */
  async record(refusal: Refusal): Promise<void> {
    const key = JSON.stringify([refusal.actor.kind, refusal.actor.name, hostOf(refusal.actor.origin), refusal.code]);
    const known = this.#repeats.get(key);
    if (known !== undefined) {
      known.more += 1;
      return;
    }
    if (this.#recorded >= mostRecords || this.#repeats.size >= mostCallers) {
      this.#untold += 1;
      return;
    }
    this.#recorded += 1;
    this.#repeats.set(key, { refusal, more: 0 });
    await this.#write(refusal, {});
  }

  /** Once a minute: says how often more, and begins anew. */
  async flush(): Promise<void> {
    const repeated = [...this.#repeats.values()].filter(({ more }) => more > 0);
    const untold = this.#untold;
    this.#repeats.clear();
    this.#recorded = 0;
    this.#untold = 0;
    for (const { refusal, more } of repeated) await this.#write(refusal, { times: more, withinMs: windowMs });
    if (untold > 0) {
      const actor: Actor = { kind: 'anonymous', name: 'many', origin: 'many' };
      await this.#write({ actor, subject: 'coordinator', code: 'too-many' }, { times: untold, withinMs: windowMs });
    }
  }

  readonly chore = { name: 'refusals', everyMs: windowMs, run: (): Promise<void> => this.flush(), atStop: true } as const;

  async #write({ actor, subject, code }: Refusal, more: Readonly<Record<string, unknown>>): Promise<void> {
    const act = code === 'operator.forbidden' ? 'permission.refused' : 'authentication.failed';
    await this.#audit.record({ actor, act, subject, outcome: 'refused', detail: { code, atMs: this.#clock.now(), ...more } });
  }
}

/** Each attempt comes from another port. */
function hostOf(origin: string): string {
  return origin.replace(/:\d+$/, '');
}
