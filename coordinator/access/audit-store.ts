// What the audit log needs kept: the records, and beside them the note of where they end.
// Must never hold SQL or paths; the store and the state directory implement these.

/** Who acted. `coordinator`: by itself. `local`: a command on its host. `anonymous`: nobody who proved who they are. */
export type ActorKind = 'operator' | 'node' | 'join-token' | 'coordinator' | 'local' | 'anonymous';

export interface Actor {
  readonly kind: ActorKind;
  readonly name: string;
  /** Address of the connection, `socket`, or empty for the coordinator itself. */
  readonly origin: string;
}

export type ActOutcome = 'done' | 'failed' | 'refused';

export interface Act {
  readonly actor: Actor;
  /** noun.verb */
  readonly act: string;
  readonly subject: string;
  readonly outcome: ActOutcome;
  /** What else is worth knowing; never a secret. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface AuditRecord {
  /** From 1, without a hole. */
  readonly sequence: number;
  readonly atMs: number;
  readonly actorKind: string;
  readonly actor: string;
  readonly origin: string;
  readonly act: string;
  readonly subject: string;
  readonly outcome: string;
  readonly detailJson: string;
  readonly previousHash: string;
  readonly hash: string;
}

export interface AuditQuery {
  readonly actor: string;
  /** Whole, or its beginning up to a dot. */
  readonly act: string;
  readonly subject: string;
  readonly sinceMs: number | undefined;
  readonly limit: number;
  /** Only older ones. */
  readonly before: number | undefined;
}

/** Where a log ends. */
export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

export interface AuditStore {
  /** One transaction: what is made of the last record is added behind it. Two processes can't add the same sequence. */
  append(make: (last: AuditHead | undefined) => AuditRecord): Promise<AuditRecord>;
  head(): Promise<AuditHead | undefined>;
  /** Newest first. */
  list(query: AuditQuery): Promise<readonly AuditRecord[]>;
  /** Oldest first, from a sequence on. */
  read(from: number, limit: number): Promise<readonly AuditRecord[]>;
}

export type AnchorState =
  | { readonly kind: 'held'; readonly head: AuditHead }
  | { readonly kind: 'absent' }
  /** It was changed by somebody without the master key, or is no anchor at all. */
  | { readonly kind: 'damaged'; readonly reason: string };

/** The note beside the database of where the log ends: a log that ends before it was cut. */
export interface AuditAnchor {
  read(): Promise<AnchorState>;
  write(head: AuditHead): Promise<void>;
}
