// What a failed call to a forge's API means, whether it may be done again, and what to do about it.
// Must never hold a token; the forges' messages don't.
import { HephaestusError, type ErrorKind, type RetryAdvice } from '../../base/errors.ts';

export interface FailedRequest {
  /** `GitHub`, `GitLab`, `Gitea`: as people call it. */
  readonly forge: string;
  /** `owner/name` */
  readonly repository: string;
  /** Undefined if no answer came. */
  readonly status: number | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly said: string;
  /** GET and HEAD: nothing can have been done. */
  readonly isRead: boolean;
  readonly nowMs: number;
  readonly cause: unknown;
}

/**
 * How long a forge asks to wait, or undefined if it isn't about rates. Primary limit: `x-ratelimit-remaining: 0` until
 * `x-ratelimit-reset` (GitLab: `ratelimit-reset`); secondary limit and abuse detection: `retry-after`, else a minute (GitHub Docs, "Rate limits for the REST API").
 */
export function rateLimitWaitMs(
  status: number,
  headers: Readonly<Record<string, string>>,
  said: string,
  nowMs: number,
): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const after = Number(headers['retry-after']);
  if (headers['retry-after'] !== undefined && Number.isFinite(after)) return Math.max(1, after) * 1000;
  if (headers['x-ratelimit-remaining'] === '0') {
    const resetMs = Number(headers['x-ratelimit-reset']) * 1000;
    return Number.isFinite(resetMs) ? Math.max(1000, resetMs - nowMs + 1000) : 60_000;
  }
  return status === 429 || /secondary rate limit|abuse detection/i.test(said) ? 60_000 : undefined;
}

const archivedMeaning = 'the repository is archived and takes no changes; unarchive it or remove it here';

interface Meaning {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly retry: RetryAdvice;
  readonly meaning: string;
}

/** Codes are `remote.*`. */
export function forgeFailure(request: FailedRequest): HephaestusError {
  const { code, kind, retry, meaning } = explain(request);
  return new HephaestusError({
    code: `remote.${code}`,
    kind,
    retry,
    message: `${request.forge} repository ${request.repository}: ${meaning}; ${request.forge} said: ${request.said.slice(0, 300)}`,
    cause: request.cause,
  });
}

function explain(request: FailedRequest): Meaning {
  const { forge, status, headers, said, isRead, nowMs } = request;
  const uncertain: RetryAdvice = isRead ? 'safe' : 'ambiguous';
  if (status === undefined) {
    return {
      code: 'unreachable',
      kind: 'operational',
      retry: uncertain,
      meaning: 'no answer; check the network between here and the forge',
    };
  }
  const waitMs = rateLimitWaitMs(status, headers, said, nowMs);
  if (waitMs !== undefined) {
    const until = new Date(nowMs + waitMs).toISOString();
    return {
      code: 'rate-limited',
      kind: 'operational',
      retry: 'safe',
      meaning: `the rate limit is used up until ${until}; it is tried again then`,
    };
  }
  switch (status) {
    case 401:
      return {
        code: 'authentication',
        kind: 'operational',
        retry: 'never',
        meaning: 'the token or key is not accepted; it is wrong, expired or revoked, so set a new one',
      };
    case 403:
      return explainForbidden(forge, said, headers);
    case 404:
      return {
        code: 'not-found',
        kind: 'operational',
        retry: 'never',
        meaning: 'there is no such thing, or the token may not see it; check the URL and that the token has access to this repository',
      };
    // Gitea's word for archived.
    case 423:
      return { code: 'archived', kind: 'operational', retry: 'never', meaning: archivedMeaning };
    case 410:
      return { code: 'disabled', kind: 'operational', retry: 'never', meaning: 'that feature is switched off in the repository' };
    case 301:
    case 302:
    case 307:
    case 308:
      return {
        code: 'moved',
        kind: 'operational',
        retry: 'never',
        meaning: 'it is somewhere else now; change the URL to its present name',
      };
    case 400:
    case 409:
    case 422:
      return { code: 'refused', kind: 'validation', retry: 'never', meaning: 'the request was refused as it is' };
    case 451:
      return { code: 'blocked', kind: 'operational', retry: 'never', meaning: 'the repository is blocked for legal reasons' };
  }
  if (status >= 500)
    return { code: 'unavailable', kind: 'operational', retry: uncertain, meaning: 'the forge does not work at the moment' };
  return { code: 'failed', kind: 'operational', retry: 'never', meaning: `unexpected status ${String(status)}` };
}

function explainForbidden(forge: string, said: string, headers: Readonly<Record<string, string>>): Meaning {
  if (/archived/i.test(said)) return { code: 'archived', kind: 'operational', retry: 'never', meaning: archivedMeaning };
  const which = permissionNamed(said, headers) ?? usualPermissions[forge] ?? usualPermissions['GitHub'];
  return {
    code: 'permission-denied',
    kind: 'operational',
    retry: 'never',
    meaning: `the credential lacks a permission; it needs ${which}`,
  };
}

/** What an adapter needs in all, for answers that don't say what was missing. */
const usualPermissions: Readonly<Record<string, string>> = {
  GitHub: 'contents, pull requests and issues (read and write)',
  GitLab: 'the role Developer or more in the project, and a token with the scopes api and write_repository',
  Gitea: 'write access to the repository, and a token with the scopes write:repository and write:issue',
};

/** GitHub says it in headers: of fine-grained tokens and apps the permission, of classic tokens the scopes; Gitea and GitLab in words. */
function permissionNamed(said: string, headers: Readonly<Record<string, string>>): string | undefined {
  const header = headers['x-accepted-github-permissions'] ?? headers['x-accepted-oauth-scopes'] ?? '';
  if (header !== '') return header;
  const scope =
    /required scope\(s\)(?:, required=|:)? ?\[?([a-z_:, ]{3,200})\]?/i.exec(said)?.[1] ??
    /"?scope"?[=:] ?"([a-z_ ]{3,200})"/i.exec(said)?.[1];
  return scope === undefined ? undefined : `the scope ${scope.trim()}`;
}
