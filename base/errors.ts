// The one error class of the project: what failed, what kind of failure it is and whether acting again is safe.
// Must never decide on a gRPC status or an exit code; the two mappings live at the edges that need them.

/** `validation`: configuration or input is wrong. `operational`: network, repository or model. `system`: exhausted, unavailable, timed out. */
export type ErrorKind = 'validation' | 'operational' | 'system';

/** `safe`: nothing happened, do it again. `ambiguous`: it may have happened, look before acting again. `never`: the same call fails the same way. */
export type RetryAdvice = 'safe' | 'ambiguous' | 'never';

/** One thing that is wrong, and where: a field's name, a configuration path or a file. */
export interface ErrorDetail {
  readonly path: string;
  readonly message: string;
}

export interface HephaestusErrorOptions {
  /** Stable, kebab-case with a domain in front: `config.invalid`, `remote.not-found`. Programs match it, so that it never changes. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** Decided where it fails, because only that place knows whether something was done. Default `never`. */
  readonly retry?: RetryAdvice | undefined;
  /** Says what is wrong, where, and what to do. Never holds a secret. */
  readonly message: string;
  readonly details?: readonly ErrorDetail[] | undefined;
  readonly cause?: unknown;
}

/**
 * Thrown for the unexpected; expected outcomes are returned as unions instead.
 *
 * @example throw new HephaestusError({ code: 'positions.unreadable', kind: 'system', retry: 'safe', message: `…` , cause })
 */
export class HephaestusError extends Error {
  override readonly name = 'HephaestusError';
  readonly code: string;
  readonly kind: ErrorKind;
  readonly retry: RetryAdvice;
  readonly details: readonly ErrorDetail[];

  constructor(options: HephaestusErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.kind = options.kind;
    this.retry = options.retry ?? 'never';
    this.details = options.details ?? [];
  }

  /**
   * Makes anything that was thrown a HephaestusError: one of ours is returned as it is, a Node system error is read
   * by its errno, everything else becomes `internal` with the original as its cause.
   */
  static from(thrown: unknown): HephaestusError {
    if (isHephaestusError(thrown)) return thrown;
    if (thrown instanceof Error) {
      if (thrown.name === 'AbortError') {
        return new HephaestusError({ code: 'aborted', kind: 'system', retry: 'ambiguous', message: thrown.message, cause: thrown });
      }
      if (thrown.name === 'TimeoutError') {
        return new HephaestusError({ code: 'timeout', kind: 'system', retry: 'ambiguous', message: thrown.message, cause: thrown });
      }
      const errno = errnoOf(thrown);
      if (errno !== undefined) return fromErrno(thrown, errno);
      return new HephaestusError({ code: 'internal', kind: 'system', message: thrown.message, cause: thrown });
    }
    return new HephaestusError({ code: 'internal', kind: 'system', message: describeThrown(thrown), cause: thrown });
  }
}

/** True for our errors, also across copies of this module (a bundle and the source), which `instanceof` is not. */
export function isHephaestusError(value: unknown): value is HephaestusError {
  if (value instanceof HephaestusError) return true;
  return value instanceof Error && value.name === 'HephaestusError' && 'code' in value && 'kind' in value && 'retry' in value;
}

/** The errno name of a Node system error (`ENOENT`), or undefined. */
export function errnoOf(value: unknown): string | undefined {
  if (!(value instanceof Error) || !('code' in value) || typeof value.code !== 'string') return undefined;
  return /^E[A-Z0-9]+$/.test(value.code) ? value.code : undefined;
}

const connectionErrnos = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN', 'EADDRNOTAVAIL']);
const brokenConnectionErrnos = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED']);
const exhaustedErrnos = new Set(['EMFILE', 'ENFILE', 'ENOSPC', 'ENOMEM', 'EDQUOT', 'EAGAIN', 'EBUSY']);
const accessErrnos = new Set(['EACCES', 'EPERM', 'EROFS']);

function fromErrno(cause: Error, errno: string): HephaestusError {
  const message = cause.message;
  // Never connected means that nothing was done; a connection that broke may have done its work before.
  if (connectionErrnos.has(errno))
    return new HephaestusError({ code: 'network.unreachable', kind: 'operational', retry: 'safe', message, cause });
  if (brokenConnectionErrnos.has(errno))
    return new HephaestusError({ code: 'network.broken', kind: 'operational', retry: 'ambiguous', message, cause });
  if (exhaustedErrnos.has(errno)) return new HephaestusError({ code: 'system.exhausted', kind: 'system', retry: 'safe', message, cause });
  if (accessErrnos.has(errno)) return new HephaestusError({ code: 'system.access-denied', kind: 'system', message, cause });
  if (errno === 'ENOENT') return new HephaestusError({ code: 'system.not-found', kind: 'system', message, cause });
  return new HephaestusError({ code: `system.${errno.toLowerCase()}`, kind: 'system', message, cause });
}

function describeThrown(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return `a value that is no Error was thrown: ${JSON.stringify(thrown) ?? String(thrown)}`;
  } catch {
    return 'a value that is no Error and cannot be shown was thrown';
  }
}
