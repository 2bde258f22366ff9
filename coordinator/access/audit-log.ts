// The audit log: who did what to what from where, each record chained to the one before it.
// Must never change or remove a record, or hold a secret.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import { chainStart, linkHash } from '../../base/hash-chain.ts';
import type { Logger } from '../../base/logger.ts';
import type { Act, Actor, AuditAnchor, AuditHead, AuditRecord, AuditStore } from './audit-store.ts';

export interface AuditLogOptions {
  readonly store: AuditStore;
  readonly anchor: AuditAnchor;
  readonly clock: Clock;
  /** Each record is logged too, so that a journal elsewhere is a witness. */
  readonly logger: Logger;
}

export interface AuditFinding {
  /** 0 where it concerns the log as a whole. */
  readonly sequence: number;
  readonly message: string;
}

export interface AuditVerdict {
  readonly records: number;
  readonly head: AuditHead | undefined;
  readonly findings: readonly AuditFinding[];
}

export const coordinatorActor: Actor = { kind: 'coordinator', name: 'coordinator', origin: '' };

const pageSize = 1000;
const mostFindings = 50;
const longestText = 300;
const mostDetailBytes = 4096;

export class AuditLog {
  readonly #options: AuditLogOptions;
  #turn: Promise<unknown> = Promise.resolve();
  #failure: HephaestusError | undefined;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  /** Compares the end of the log with the anchor; a log that was cut or changed says so itself from then on. */
  async open(): Promise<void> {
    const finding = await this.#compareEnd();
    if (finding === undefined) return;
    this.#options.logger.error('the audit log does not end where it did', { reason: finding.message });
    await this.record({
      actor: coordinatorActor,
      act: 'audit.discontinuity',
      subject: 'audit log',
      outcome: 'done',
      detail: { reason: finding.message },
    });
  }

  /** Resolves once it is durable. @throws HephaestusError `audit.unwritable` */
  async record(act: Act): Promise<AuditRecord> {
    const turn = this.#turn.then(() => this.#append(act));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Nothing is done that couldn't be recorded: after a failure to write, acts are refused until writing works again. */
  async requireWritable(): Promise<void> {
    if (this.#failure === undefined) return;
    await this.record({ actor: coordinatorActor, act: 'audit.resume', subject: 'audit log', outcome: 'done', detail: {} });
  }

  list(query: Parameters<AuditStore['list']>[0]): Promise<readonly AuditRecord[]> {
    return this.#options.store.list(query);
  }

  async *export(from: number): AsyncGenerator<AuditRecord> {
    for (let next = Math.max(1, from); ;) {
      const records = await this.#options.store.read(next, pageSize);
      yield* records;
      const last = records.at(-1);
      if (last === undefined || records.length < pageSize) return;
      next = last.sequence + 1;
    }
  }

  /** @param witness a head that was noted elsewhere, if there is one */
  async verify(witness?: AuditHead): Promise<AuditVerdict> {
    const findings: AuditFinding[] = [];
    const complain = (sequence: number, message: string): void => {
      if (findings.length < mostFindings) findings.push({ sequence, message });
    };
    let records = 0;
    let head: AuditHead = { sequence: 0, hash: chainStart };
    let isWitnessed = witness === undefined;
    // What is added meanwhile is looked at too, so that the anchor, read first, is never ahead.
    const anchor = await this.#options.anchor.read();
    let anchored: AuditHead | undefined;
    for await (const record of this.export(1)) {
      records += 1;
      const { sequence, hash } = record;
      if (sequence !== head.sequence + 1) complain(sequence, `${sequence - head.sequence - 1} record(s) before it are missing`);
      else if (record.previousHash !== head.hash) complain(sequence, 'it does not follow from the record before it');
      if (hashOf(record) !== hash) complain(sequence, 'it was changed after it was written');
      if (record.act === 'audit.discontinuity') complain(sequence, `at a start: ${record.detailJson}`);
      if (witness?.sequence === sequence) {
        isWitnessed = true;
        if (witness.hash !== hash) complain(sequence, 'it is not the record that the witness saw');
      }
      if (anchor.kind === 'held' && anchor.head.sequence === sequence) anchored = record;
      head = { sequence, hash };
    }
    if (!isWitnessed) complain(0, `the record ${witness?.sequence ?? 0} that the witness saw is not there: the log was cut`);
    const end = judgeEnd(anchor, head.sequence, anchored);
    if (end !== undefined) complain(0, end);
    return { records, head: records === 0 ? undefined : head, findings };
  }

  async #append({ actor, act, subject, outcome, detail }: Act): Promise<AuditRecord> {
    const { store, anchor, clock, logger } = this.#options;
    try {
      const record = await store.append((last) => {
        const bare = {
          sequence: (last?.sequence ?? 0) + 1,
          atMs: clock.now(),
          actorKind: actor.kind,
          actor: cut(actor.name),
          origin: cut(actor.origin),
          act,
          subject: cut(subject),
          outcome,
          detailJson: writeDetail(detail),
          previousHash: last?.hash ?? chainStart,
        };
        return { ...bare, hash: hashOf(bare) };
      });
      await anchor.write(record);
      this.#failure = undefined;
      const { sequence, hash, detailJson } = record;
      logger.info('audit', {
        sequence,
        actor: record.actor,
        act,
        subject: record.subject,
        outcome,
        origin: record.origin,
        detailJson,
        hash,
      });
      return record;
    } catch (cause) {
      this.#failure = new HephaestusError({
        code: 'audit.unwritable',
        kind: 'system',
        retry: 'never',
        message: 'the audit log cannot be written, and nothing is done that is not recorded; see the log of the coordinator',
        cause,
      });
      logger.error('the audit log cannot be written', { act, err: cause });
      throw this.#failure;
    }
  }

  async #compareEnd(): Promise<AuditFinding | undefined> {
    const { store, anchor } = this.#options;
    const state = await anchor.read();
    const head = await store.head();
    if (state.kind === 'absent' && head === undefined) return undefined;
    const [anchored] = state.kind === 'held' ? await store.read(state.head.sequence, 1) : [];
    const message = judgeEnd(
      state,
      head?.sequence ?? 0,
      anchored?.sequence === (state.kind === 'held' ? state.head.sequence : 0) ? anchored : undefined,
    );
    return message === undefined ? undefined : { sequence: 0, message };
  }
}

/** The log may go on behind the anchor (a crash came between the two), never end before it. */
function judgeEnd(
  anchor: Awaited<ReturnType<AuditAnchor['read']>>,
  lastSequence: number,
  anchored: AuditHead | undefined,
): string | undefined {
  switch (anchor.kind) {
    case 'absent':
      return lastSequence === 0 ? undefined : 'the anchor beside the database is missing';
    case 'damaged':
      return `the anchor beside the database is no good: ${anchor.reason}`;
    case 'held':
      if (lastSequence < anchor.head.sequence) {
        return `the log ends at ${lastSequence}, and once ended at ${anchor.head.sequence}: its end was cut off, or an older database was restored`;
      }
      return anchored?.hash === anchor.head.hash
        ? undefined
        : `record ${anchor.head.sequence} is not the one that was noted beside the database`;
  }
}

/** What the hash is made of, in this order; docs/security.md says the same, so that others can check. */
function hashOf(record: Omit<AuditRecord, 'hash'>): string {
  const { sequence, atMs, actorKind, actor, origin, act, subject, outcome, detailJson, previousHash } = record;
  return linkHash([sequence, atMs, actorKind, actor, origin, act, subject, outcome, detailJson], previousHash);
}

function cut(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
}

function writeDetail(detail: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(detail, (_key, value: unknown) => {
    if (typeof value === 'string') return cut(value);
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    return value;
  });
  return text.length <= mostDetailBytes ? text : JSON.stringify({ leftOut: `${text.length} characters of detail` });
}
