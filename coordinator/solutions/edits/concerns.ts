// What a change does that a person should see before it goes anywhere, or that goes nowhere, whatever the tests say.
// Must never be the only guard: it knows patterns.
import { posix } from 'node:path';
import type { Evidence } from '../proposal.ts';
import { findCopiedLine } from './copied-text.ts';
import { isTestPath, judgeCaution } from './path-policy.ts';

export interface Concern {
  /** Stable, for programs. */
  readonly reason: string;
  readonly message: string;
  /** `block`: refused in every mode. `human`: waits for approval also in mode deploy. */
  readonly weight: 'human' | 'block';
}

interface Rule {
  readonly reason: string;
  readonly what: string;
  /** Met by an added line, and by no line that was there before. */
  readonly added: RegExp;
  /** A fix has no business doing this. */
  readonly blocks?: true;
}

const rules: readonly Rule[] = [
  {
    reason: 'tls_verification_disabled',
    what: 'turns off the checking of TLS certificates',
    added:
      /rejectUnauthorized\s*:\s*false|InsecureSkipVerify\s*:\s*true|verify\s*=\s*False|NODE_TLS_REJECT_UNAUTHORIZED|CERT_NONE|--insecure\b/,
  },
  {
    reason: 'dynamic_eval',
    what: 'runs text as code',
    added: /\beval\s*\(|\bnew Function\s*\(|\bexec\s*\(\s*["'`f]|\bpickle\.loads?\s*\(|yaml\.load\s*\((?!.{0,80}SafeLoader)/,
  },
  {
    reason: 'shell_command',
    what: 'starts a program',
    added: /\b(?:child_process|os\.system|subprocess\.|os\.popen|Runtime\.getRuntime|exec\.Command|execSync|spawnSync)\b/,
  },
  {
    reason: 'new_network_egress',
    what: 'sends something to an address that is new here',
    blocks: true,
    added:
      /(?:\bfetch|\brequest|\baxios(?:\.\w+)?|\burlopen|\brequests\.\w+|\bhttpx?\.(?:get|post|put|request|Get|Post)|\bcurl|\bwget|sendBeacon|new WebSocket|create_connection|net\.(?:connect|Dial)\w*)\W{1,4}[^\n]{0,80}(?:https?|wss?|ftp):\/\/(?!localhost|127\.0\.0\.1|\[::1\])[\w.-]+|\/dev\/tcp\//,
  },
  {
    reason: 'new_address',
    what: 'names an address that is new here',
    added: /https?:\/\/(?!localhost|127\.0\.0\.1|\[::1\])[\w.-]+/,
  },
  {
    reason: 'sensitive_file_read',
    what: 'reads secrets of the host',
    blocks: true,
    added:
      /\/\.ssh\/|\/etc\/(?:shadow|passwd)|id_(?:rsa|ed25519)|\.aws\/credentials|\/proc\/self\/environ|JSON\.stringify\(process\.env\)|dict\(os\.environ\)/,
  },
  {
    reason: 'test_special_casing',
    what: 'behaves in another way under test',
    added: /NODE_ENV\s*===?\s*['"]test|PYTEST_CURRENT_TEST|\bisTest\b|sys\.modules.{0,20}pytest/,
  },
  { reason: 'world_writable', what: 'lets everybody write', added: /chmod\s+(?:-R\s+)?0?777|0o?777\b/ },
  { reason: 'privilege_raised', what: 'raises privileges', added: /^\s*USER\s+root\b|privileged\s*:\s*true|\bsudo\s|setuid\s*\(/im },
  {
    reason: 'test_disabled',
    what: 'switches a test off',
    added:
      /\b(?:it|test|describe)\.(?:skip|only|todo)\b|\bx(?:it|describe)\s*\(|@pytest\.mark\.skip|@unittest\.skip|\bt\.Skip\(|@Disabled\b|@Ignore\b/,
  },
  {
    reason: 'error_swallowed',
    what: 'catches everything and says nothing',
    added: /catch\s*(?:\(\w*\))?\s*\{\s*\}|except(?:\s+(?:Base)?Exception)?\s*:\s*pass\b/,
  },
];

/** npm runs these by itself (npm-scripts, life cycle). */
const lifecycleScript = /"(?:pre|post)?(?:install|prepare|pack|publish|prepublishOnly|dependencies)"\s*:/;

/** What says exactly what is right, and what is content with anything. */
const exactAssertion =
  /\b(?:toBe|toEqual|toStrictEqual|toMatchObject|toThrow|assertEqual|assertEquals|assertRaises|strictEqual|deepEqual|Equal)\s*\(|\bassert\s+[^\n]*==|==\s*\S/;
const looseAssertion =
  /\b(?:toBeDefined|toBeTruthy|toBeFalsy|not\.toBeNull|not\.toBeUndefined|assertTrue|assertIsNotNone|assertNotNull|NotNil|anything)\s*\(|expect\s*\(\s*true\s*\)|\bassert\s+True\b/;

function weakensAssertion(gone: readonly string[], fresh: readonly string[]): boolean {
  if (!gone.some((line) => exactAssertion.test(line))) return false;
  return fresh.some((line) => looseAssertion.test(line)) || !fresh.some((line) => exactAssertion.test(line));
}

/** Lines that may have guarded something; a change that only takes them away wants a look. */
const authority = /\b(?:unauthori[sz]ed|forbidden|40[13]\b|isAdmin|hasPermission|authenticate|requireAuth|checkPermission|csrf)/i;

const dependencyFiles =
  /^(?:package\.json|go\.mod|cargo\.toml|pyproject\.toml|requirements.*\.txt|pom\.xml|build\.gradle(?:\.kts)?|gemfile|composer\.json)$/i;
const dockerFiles = /^(?:dockerfile.*|.*\.dockerfile|docker-compose.*\.ya?ml)$/i;

/**
 * @param before text by path at the base; undefined for a new file
 * @param evidence what was logged
 */
export function findConcerns(
  before: ReadonlyMap<string, string | undefined>,
  after: Readonly<Record<string, string | null>>,
  evidence: readonly Pick<Evidence, 'id' | 'kind' | 'body'>[] = [],
): readonly Concern[] {
  const found: Concern[] = [];
  const add = (reason: string, path: string, what: string, weight: Concern['weight'] = 'human'): void => {
    if (!found.some((one) => one.reason === reason)) found.push({ reason, message: `${path} ${what}`, weight });
  };
  for (const [path, text] of Object.entries(after)) {
    const old = before.get(path) ?? '';
    const name = posix.basename(path);
    if (text === null) {
      add(isTestPath(path) ? 'test_disabled' : 'file_deleted', path, 'is deleted');
      continue;
    }
    const known = new Set(old.split('\n').map((line) => line.trim()));
    const fresh = text.split('\n').filter((line) => !known.has(line.trim()));
    const kept = new Set(text.split('\n').map((line) => line.trim()));
    const gone = old.split('\n').filter((line) => !kept.has(line.trim()));
    const caution = judgeCaution(path);
    if (caution !== undefined) add(caution.reason, path, caution.what);
    for (const { reason, what, added, blocks } of rules) {
      const match = added.exec(fresh.join('\n'));
      if (match !== null && !old.includes(match[0])) add(reason, path, what, blocks === true ? 'block' : 'human');
    }
    if (gone.some((line) => authority.test(line)) && !fresh.some((line) => authority.test(line)))
      add('auth_removed', path, 'loses a check of who may do what');
    if (isTestPath(path) && weakensAssertion(gone, fresh)) add('assertion_weakened', path, 'demands less than before');
    if (name === 'package.json' && fresh.some((line) => lifecycleScript.test(line)))
      add('lifecycle_script', path, 'runs a program when it is installed');
    if (dependencyFiles.test(name)) add('dependency_change', path, 'changes what is built or installed');
    if (dockerFiles.test(name)) add('build_change', path, 'changes how the service is packaged');
  }
  const copied = findCopiedLine(before, after, evidence);
  if (copied !== undefined) add('copied_from_log', copied.path, `takes over text that was logged (${copied.evidenceId})`);
  return found;
}
