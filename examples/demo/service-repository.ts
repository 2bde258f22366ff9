// Makes the demo service's git repository: its history commit by commit, a bare remote, and a deployed checkout.
// Must never use the user's git identity or configuration.
import { cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HephaestusError } from '../../base/errors.ts';
import { describeProcessResult, runProcess } from '../../base/process.ts';

export interface ServiceRepository {
  /** The bare repository that everybody pushes to. */
  readonly remote: string;
  /** Where the service runs. */
  readonly deployed: string;
  readonly head: string;
}

interface HistoryStep {
  readonly folder: string;
  readonly subject: string;
  readonly hoursAgo: number;
}

const history: readonly HistoryStep[] = [
  { folder: '1-quote-a-basket', subject: 'Quote a basket', hoursAgo: 12 * 24 },
  { folder: '2-log-every-request', subject: 'Log every request with its id', hoursAgo: 9 * 24 },
  { folder: '3-member-discounts', subject: 'Give members their discount', hoursAgo: 6 * 24 },
  { folder: '4-replay', subject: 'Replay a request that failed', hoursAgo: 3 * 24 },
  { folder: '5-platinum', subject: 'Add the platinum tier and free shipping', hoursAgo: 2 },
];

export async function makeServiceRepository(templates: string, folder: string, nowMs: number): Promise<ServiceRepository> {
  const remote = join(folder, 'remote', 'orders.git');
  const source = join(folder, 'author');
  const deployed = join(folder, 'srv', 'orders');
  await mkdir(join(folder, 'remote'), { recursive: true });
  await git(folder, ['init', '--quiet', '--bare', '--initial-branch=main', remote]);
  await git(folder, ['init', '--quiet', '--initial-branch=main', source]);
  for (const step of history) {
    const from = join(templates, step.folder);
    for (const name of await readdir(from)) await cp(join(from, name), join(source, name), { recursive: true });
    await git(source, ['add', '--all']);
    const date = new Date(nowMs - step.hoursAgo * 3_600_000).toISOString();
    await git(source, ['commit', '--quiet', '--message', step.subject], { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date });
  }
  await git(source, ['push', '--quiet', remote, 'main']);
  await git(folder, ['clone', '--quiet', remote, deployed]);
  return { remote, deployed, head: await git(deployed, ['rev-parse', 'HEAD']) };
}

/** Standard output of a git command, trimmed. */
export async function git(directory: string, words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const result = await runProcess({
    command: 'git',
    args: words,
    cwd: directory,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'orders team',
      GIT_AUTHOR_EMAIL: 'orders@demo.invalid',
      GIT_COMMITTER_NAME: 'orders team',
      GIT_COMMITTER_EMAIL: 'orders@demo.invalid',
      ...env,
    },
    timeoutMs: 30_000,
    maxOutputBytes: 1024 * 1024,
  });
  if (result.kind === 'exited' && result.exitCode === 0) return result.stdout.toString('utf8').trim();
  const said = 'stderr' in result ? `: ${result.stderr.toString('utf8').trim()}` : '';
  throw new HephaestusError({
    code: 'demo.git-failed',
    kind: 'system',
    message: `git ${words.join(' ')} in ${directory}: ${describeProcessResult(result)}${said}`,
  });
}
