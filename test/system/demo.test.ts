// The whole way on real processes: the demo ends with a proven branch in a real remote, also when a process is killed on the way.
// Must never look inside the processes; it sees what a person sees, and kills as the kernel would.
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';

const project = join(import.meta.dirname, '..', '..');
const scratch: string[] = [];
const running: ChildProcess[] = [];

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGINT');
    await once(child, 'close');
  }
  for (const folder of scratch.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly incidentId: string;
  readonly fingerprint: string;
  readonly provider: string;
  readonly suspectCommit: string;
  readonly rungs: Readonly<Record<string, string>>;
  readonly changeRequest: { readonly remote: string; readonly branch: string; readonly commit: string };
  readonly timingsMs: Readonly<Record<string, number>>;
}

interface Demo {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly folder: string;
}

function startDemo(): Demo {
  const folder = mkdtempSync(join(tmpdir(), 'demo-test-'));
  scratch.push(folder);
  const child = spawn(process.execPath, [join(project, 'examples', 'demo.ts'), '--keep', '--json', join(folder, 'outcome.json')], {
    cwd: project,
    env: { PATH: process.env['PATH'], TMPDIR: folder, HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output, folder };
}

/** Fails with what the demo said, if it ends before the condition holds. */
async function until(demo: Demo, condition: () => boolean): Promise<void> {
  while (!condition()) {
    if (demo.child.exitCode !== null) throw new Error(`the demo ended early:\n${demo.output()}`);
    await delay(20);
  }
}

async function untilDone(demo: Demo): Promise<Outcome> {
  await until(demo, () => demo.output().includes('press Ctrl-C'));
  return JSON.parse(readFileSync(join(demo.folder, 'outcome.json'), 'utf8')) as Outcome;
}

/** Process ids of the demo's child that runs this file. */
function pidsOf(demo: Demo, file: string): number[] {
  return childrenOf(demo.child.pid ?? 0).filter((pid) => commandLine(pid).includes(file) && commandLine(pid).includes('\0run'));
}

function childrenOf(parent: number): number[] {
  try {
    return readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function git(directory: string, ...words: string[]): string {
  return execFileSync('git', words, { cwd: directory, encoding: 'utf8' }).trim();
}

/** A checkout of the change request, and of what was there before it. */
function expectProven(demo: Demo, outcome: Outcome): void {
  const { remote, branch, commit } = outcome.changeRequest;
  const branches = git(remote, 'for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n');
  expect(branches.toSorted()).toEqual([branch, 'main'].toSorted());
  expect(git(remote, 'rev-parse', branch)).toBe(commit);
  expect(git(remote, 'rev-list', '--count', `main..${branch}`)).toBe('1');
  const log = readFileSync(join(dirname(dirname(remote)), 'log', 'orders.log'), 'utf8');
  const incident = JSON.stringify({ occurrences: [{ raw: log.split('\n').find((line) => line.includes(' failed body=')) }] });
  const checkout = join(demo.folder, 'checkout');
  git(demo.folder, 'clone', '--quiet', remote, checkout);
  const replay = () => spawnSync(process.execPath, ['tools/replay.js'], { cwd: checkout, input: incident, encoding: 'utf8' });
  // It fails on main.
  expect(replay()).toMatchObject({ status: 1 });
  git(checkout, 'switch', '--quiet', branch);
  expect(replay()).toMatchObject({ status: 0 });
  const tests = spawnSync(process.execPath, ['--test'], { cwd: checkout, encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  expect({ status: tests.status, output: tests.status === 0 ? '' : tests.stdout }).toEqual({ status: 0, output: '' });
}

describe('npm run demo', () => {
  it('ends with a branch that passes the tests and the replay that failed before, and leaves nothing behind', async () => {
    const demo = startDemo();
    const outcome = await untilDone(demo);
    expect(outcome).toMatchObject({
      provider: 'builtin',
      rungs: { parsed: 'passed', applied: 'passed', syntax: 'passed', builds: 'passed', tests: 'passed', reproduced: 'passed' },
    });
    expect(outcome.fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(git(outcome.changeRequest.remote, 'show', '--no-patch', '--format=%s', outcome.suspectCommit)).toBe(
      'Add the platinum tier and free shipping',
    );
    expectProven(demo, outcome);
    const processes = childrenOf(demo.child.pid ?? 0);
    expect(processes.length).toBeGreaterThanOrEqual(3);
    demo.child.kill('SIGINT');
    await once(demo.child, 'close');
    expect(existsSync(outcome.changeRequest.remote)).toBe(false);
    expect(readdirSync(demo.folder).filter((name) => name.startsWith('hephaestus-demo-'))).toEqual([]);
    for (const pid of processes) expect(commandLine(pid)).not.toContain('hephaestus-demo-');
  });

  it('cleans up when it is interrupted half-way', async () => {
    const demo = startDemo();
    await until(demo, () => demo.output().includes('joined'));
    demo.child.kill('SIGINT');
    await once(demo.child, 'close');
    expect(demo.child.exitCode).toBe(130);
    expect(readdirSync(demo.folder).filter((name) => name.startsWith('hephaestus-demo-'))).toEqual([]);
  });

  describe.each([
    ['coordinator', 'coordinator/main.ts'],
    ['agent', 'agent/main.ts'],
  ])('with the %s killed', (name, file) => {
    // What the story says just before the kill: early, in the middle of the incident, and while the proof runs.
    it.each(['joined over', 'incident ', 'suspect commit'])('after “%s”: one incident, one change request', async (moment) => {
      const demo = startDemo();
      await until(demo, () => demo.output().includes(moment));
      const [pid] = pidsOf(demo, file);
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      expect(pid).toBeDefined();
      const outcome = await untilDone(demo);
      expect(demo.output()).toContain(`the ${name} process died (SIGKILL)`);
      expect(demo.output().match(/incident [0-9A-Z]{26}: /g)).toHaveLength(1);
      expectProven(demo, outcome);
    });
  });
});
