// What a failed git call means: read from its messages, which are in English because git.ts sets the locale.
// Must never repeat a credential: URLs are shown without user information.
import type { ErrorKind, RetryAdvice } from '../../base/errors.ts';
import { HephaestusError } from '../../base/errors.ts';

interface FailureClass {
  /** After `git.`. */
  readonly code: string;
  readonly kind: ErrorKind;
  readonly retry: RetryAdvice;
  readonly pattern: RegExp;
  /** What it means and what to do. */
  readonly remedy: string;
}

// The first that matches wins, so that the specific stand before the general.
const classes: readonly FailureClass[] = [
  {
    code: 'disk-full',
    kind: 'system',
    retry: 'safe',
    pattern: /No space left on device|Disk quota exceeded|unable to write (?:loose object )?file|write error: Out of diskspace/i,
    remedy: 'the disk of the state directory is full; free space, then it is tried again',
  },
  {
    code: 'archived',
    kind: 'operational',
    retry: 'never',
    pattern: /repository (?:was|is|has been) archived|archived and (?:is )?read-only|is archived/i,
    remedy: 'the repository is archived and takes no changes; unarchive it, or remove it from Hephaestus',
  },
  {
    code: 'protected',
    kind: 'operational',
    retry: 'never',
    pattern:
      /protected branch|GH006|GH013|hook declined|not allowed to (?:push|create|force)|remote: (?:error|GitLab): .*(?:denied|not allowed)|refusing to (?:allow|update)|deny(?:ing)? (?:updat|non-fast)/i,
    remedy: 'the remote refuses this branch; allow the token to push branches beginning with hephaestus/',
  },
  {
    code: 'non-fast-forward',
    kind: 'operational',
    retry: 'never',
    pattern: /\[rejected\]|non-fast-forward|stale info|fetch first|cannot lock ref .* is at .* but expected/i,
    remedy: 'somebody else pushed to the branch meanwhile; nothing was overwritten',
  },
  {
    code: 'host-key',
    kind: 'operational',
    retry: 'never',
    pattern: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/i,
    remedy:
      'the ssh host key is not the one known; if the change is legitimate, remove the old line from known_hosts in the state directory',
  },
  {
    code: 'permission-denied',
    kind: 'operational',
    retry: 'never',
    pattern: /returned error: 403|Write access to repository not granted|Permission to .* denied|insufficient permission/i,
    remedy: 'the credential is valid but lacks a permission; it needs to read and write contents of the repository',
  },
  {
    code: 'authentication',
    kind: 'operational',
    retry: 'never',
    pattern:
      /Authentication failed|could not read (?:Username|Password)|terminal prompts disabled|returned error: 401|Permission denied \(|Invalid username or (?:password|token)|Access denied/i,
    remedy: 'the remote does not accept the credential; check that the token or key is right and not expired',
  },
  {
    code: 'tls',
    kind: 'operational',
    retry: 'never',
    pattern: /SSL certificate problem|server certificate verification failed|certificate has expired|unable to get local issuer/i,
    remedy: "the remote's certificate is not trusted by this host; install its CA on the coordinator's host",
  },
  {
    code: 'ownership',
    kind: 'operational',
    retry: 'never',
    pattern: /dubious ownership/i,
    remedy: 'git reads a repository on this host only for its owner; give it to the user of the coordinator, or reach it over ssh or https',
  },
  {
    code: 'not-found',
    kind: 'operational',
    retry: 'never',
    pattern:
      /repository '.*' not found|Repository not found|does not appear to be a git repository|returned error: (?:404|410)|does not exist|could not be found|No such file or directory\b.*\bremote|project you were looking for could not be found/i,
    remedy: 'there is no such repository, or the credential may not see it; check the URL, and whether it was renamed or deleted',
  },
  {
    code: 'unknown-revision',
    kind: 'validation',
    retry: 'never',
    pattern:
      /unknown revision|bad revision|Not a valid object name|ambiguous argument|couldn't find remote ref|not our ref|Needed a single revision|invalid object name|no such ref/i,
    remedy: 'the revision is not in the mirror; it may have been deleted by a force push',
  },
  {
    code: 'corrupt',
    kind: 'system',
    retry: 'safe',
    pattern:
      /is corrupt|is empty$|bad object|missing blob|missing tree|unable to read tree|unable to read (?:sha1|[0-9a-f]{40})|pack .* (?:is far too short|cannot be accessed|signature mismatch)|not (?:a git repository|in a git directory)|bad config|inflate:|hash mismatch|did not send all necessary objects|broken link|invalid sha1 pointer|packfile .* (?:does not match|cannot)/im,
    remedy: 'the local mirror is damaged; it is thrown away and cloned again',
  },
  {
    code: 'locked',
    kind: 'system',
    retry: 'safe',
    pattern: /Unable to create '.*\.lock'|Another git process seems to be running|could not lock/i,
    remedy: 'another git process works on the mirror; it is tried again',
  },
  {
    code: 'protocol-refused',
    kind: 'validation',
    retry: 'never',
    pattern: /transport '.*' not allowed|Unable to find remote helper|is not allowed/i,
    remedy: 'repositories are reached by https, ssh or a path; change the URL',
  },
  {
    code: 'network',
    kind: 'operational',
    retry: 'safe',
    pattern:
      /Could not resolve host|Connection (?:refused|timed out|reset|closed)|Failed to connect|Operation (?:timed out|too slow)|early EOF|RPC failed|hung up unexpectedly|returned error: (?:408|429|5\d\d)|unable to access|Network is unreachable|No route to host|Could not read from remote repository|expected flush|invalid server response|gnutls_handshake|SSL_ERROR|transfer closed|Empty reply/i,
    remedy: 'the remote cannot be reached or broke off; it is tried again',
  },
];

export interface FailedCall {
  readonly args: readonly string[];
  readonly stderr: string;
  readonly stdout: string;
  readonly remoteUrl: string | undefined;
}

/** The error for a git call that failed: code `git.CLASS`, a message with what git said, and what to do. */
export function gitFailure(call: FailedCall): HephaestusError {
  const said = lastWords(`${call.stdout.slice(-4000)}\n${call.stderr}`);
  const found = classes.find(({ pattern }) => pattern.test(call.stderr) || (call.args.includes('push') && pattern.test(call.stdout)));
  const where = call.remoteUrl === undefined ? '' : ` (${withoutUserInformation(call.remoteUrl)})`;
  const subcommand = call.args.find((argument) => /^[a-z][a-z-]+$/.test(argument)) ?? '';
  if (found === undefined) {
    return new HephaestusError({ code: 'git.failed', kind: 'operational', message: `git ${subcommand} failed${where}: ${said}` });
  }
  const pushedBlindly = subcommand === 'push' && found.code === 'network';
  return new HephaestusError({
    code: `git.${found.code}`,
    kind: found.kind,
    retry: pushedBlindly ? 'ambiguous' : found.retry,
    message: `${found.remedy}${where}; git said: ${said}`,
  });
}

/** A URL as it may be shown: without user name and password. */
export function withoutUserInformation(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');
}

function lastWords(text: string): string {
  const lines = text
    .split(/[\r\n]+/)
    .map((line) => withoutControls(line).trim())
    .filter(
      (line) => line !== '' && !/^(?:remote: )?(?:Counting|Compressing|Receiving|Resolving|Enumerating|Writing|Total|hint:)/.test(line),
    );
  const telling = lines.filter((line) => /fatal|error|rejected|denied|remote:|refus|!/i.test(line));
  const chosen = (telling.length > 0 ? telling : lines).slice(-4).join(' | ');
  return chosen === '' ? 'nothing' : chosen.replace(/\/\/[^/@\s]{1,200}@/g, '//').slice(0, 600);
}

function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- what a remote says is shown to people, so that its control characters go
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
