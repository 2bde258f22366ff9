// The contract of leased jobs: work after the acknowledgement that a crash resumes.
// Must never assume one database; leases are rows with an expiry, nothing else.

/** What there is to do. `propose` is enqueued in the transaction that opens the incident. */
export type JobKind = 'propose' | 'validate' | 'publish' | 'follow';

export interface Job {
  readonly id: string;
  readonly kind: JobKind;
  /** Only one unfinished job of a kind and subject exists: the incident's or the proposal's id. */
  readonly subject: string;
  readonly attempts: number;
}

export interface JobQueue {
  /** No effect if an unfinished job of the same kind and subject exists. */
  enqueue(kind: JobKind, subject: string, notBeforeMs?: number): Promise<void>;
  /** Leases the oldest job that is due, or whose lease ran out; undefined if there is none. */
  lease(holder: string, leaseMs: number): Promise<Job | undefined>;
  /** Extends a lease; false if somebody else has it now, and the work must stop. */
  renew(job: Job, holder: string, leaseMs: number): Promise<boolean>;
  complete(job: Job, holder: string): Promise<void>;
  /** Due again at `retryAtMs`, or given up if undefined; the reason is kept. */
  fail(job: Job, holder: string, reason: string, retryAtMs: number | undefined): Promise<void>;
  pending(): Promise<number>;
  /** Removes what was done or given up before. */
  forget(beforeMs: number): Promise<void>;
}
