// The agent's command line as an operator meets it: messages and exit codes.
// Must never look for more of a message than what tells the operator what to do.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { version } from '../../base/version.ts';
import { AgentHarness, until, type HarnessOptions } from '../support/agent-harness.ts';
import { ScriptedCoordinator } from '../support/scripted-coordinator.ts';
import { createThrowawayAuthority } from '../support/throwaway-authority.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function open(options: Partial<HarnessOptions> = {}): Promise<{ coordinator: ScriptedCoordinator; harness: AgentHarness }> {
  const coordinator = await ScriptedCoordinator.start();
  closing.push(() => coordinator.kill());
  const harness = await AgentHarness.open({ address: coordinator.address, joinToken: coordinator.joinToken, ...options });
  closing.push(() => harness.close());
  return { coordinator, harness };
}

async function finish(harness: AgentHarness, words: readonly string[]): Promise<{ code: number | string; output: string; errors: string }> {
  const running = harness.spawn(words);
  const code = await running.ended();
  return { code, output: running.output, errors: running.errors };
}

describe('hephaestus-agent', () => {
  it('prints its help and its version', async () => {
    const { harness } = await open();
    const help = await finish(harness, ['--help']);
    expect(help.code).toBe(0);
    for (const word of ['run', 'check', 'enroll', '--config', 'Exit codes']) expect(help.output).toContain(word);
    expect(await finish(harness, ['--version'])).toMatchObject({ code: 0, output: `${version}\n` });
  });

  it('refuses an unknown command with exit code 2', async () => {
    const { harness } = await open();
    expect((await finish(harness, ['fly'])).code).toBe(2);
  });

  it('shows all five mistakes of a configuration with their paths, exit code 2', async () => {
    const { harness } = await open();
    await writeFile(
      harness.configPath,
      [
        'coordinator: nowhere',
        'stateDirectory: 7',
        'log: { level: loud }',
        'sorces: []',
        'sources:',
        '  - id: app',
        '    file: { include: [relative.log] }',
      ].join('\n'),
    );
    const { code, errors } = await finish(harness, ['check']);
    expect(code).toBe(2);
    for (const path of ['coordinator', 'stateDirectory', 'log.level', 'sorces', 'sources[0].file.include[0]'])
      expect(errors).toContain(path);
  });

  it('names a configuration that is not there, exit code 2', async () => {
    const { harness } = await open();
    const running = harness.spawn(['check', '--config', '/nonexistent/agent.yaml']);
    expect(await running.ended()).toBe(2);
    expect(running.errors).toContain('/nonexistent/agent.yaml');
  });

  it('checks a good configuration and changes nothing', async () => {
    const { coordinator, harness } = await open();
    expect(await finish(harness, ['check'])).toMatchObject({ code: 0 });
    expect(coordinator.enrolments).toHaveLength(0);
  });

  it('says in a check that a file is read by several sources', async () => {
    const { harness } = await open();
    const file = { include: [harness.logPath] };
    await harness.configure({
      sources: [
        { id: 'one', file },
        { id: 'two', file },
      ],
    });
    const { output } = await finish(harness, ['check']);
    expect(output).toContain(`sources one, two: ${harness.logPath} is read by each of them`);
  });

  it('checks sources, connection, certificate and clock of an enrolled host', async () => {
    const { coordinator, harness } = await open();
    await finish(harness, ['enroll', '--token-file', join(harness.folder, 'token')]);
    const good = await finish(harness, ['check']);
    expect(good.code).toBe(0);
    for (const subject of ['configuration', 'source app', 'connection', 'certificate', 'clock']) expect(good.output).toContain(subject);
    coordinator.kill();
    expect(await finish(harness, ['check'])).toMatchObject({ code: 3, output: expect.stringContaining('cannot be reached') as string });
  });

  it('writes the coordinator into settings that are not there yet, or leaves the rest of them as it is', async () => {
    const { coordinator, harness } = await open();
    const token = (await readFile(join(harness.folder, 'token'), 'utf8')).trim();
    await writeFile(harness.configPath, `# mine\ncoordinator: elsewhere.example:1\nstateDirectory: ${join(harness.folder, 'fresh')}\n`);
    const { code } = await finish(harness, ['enroll', '--coordinator', coordinator.address, '--token', token]);
    expect(code).toBe(0);
    expect(await readFile(harness.configPath, 'utf8')).toBe(
      `# mine\ncoordinator: ${coordinator.address}\nstateDirectory: ${join(harness.folder, 'fresh')}\n`,
    );
    expect((await finish(harness, ['enroll', '--coordinator', 'nowhere', '--token', token])).code).toBe(2);
    expect((await finish(harness, ['run', '--coordinator', coordinator.address])).code).toBe(2);
  });

  it('says for each file why it is or is not tailed', async () => {
    const { harness } = await open();
    const excluded = join(harness.folder, 'excluded.log');
    await writeFile(excluded, 'hidden\n');
    await harness.configure({ sources: [{ id: 'app', file: { include: [join(harness.folder, '*.log')], exclude: [excluded] } }] });
    const { code, output } = await finish(harness, ['sources']);
    expect(code).toBe(0);
    const lines = output.split('\n');
    expect(lines.find((line) => line.includes(harness.logPath))).toMatch(/^\+ .* tailed by app/);
    expect(lines.find((line) => line.includes(excluded))).toMatch(/^- .*exclu/);
  });

  it('enrols once, and says so the second time', async () => {
    const { coordinator, harness } = await open();
    const first = await finish(harness, ['enroll', '--token-file', join(harness.folder, 'token')]);
    expect(first).toMatchObject({ code: 0, output: expect.stringContaining('this host is now node') as string });
    expect(await finish(harness, ['enroll'])).toMatchObject({ code: 0, output: expect.stringContaining('already') as string });
    expect(coordinator.enrolments).toHaveLength(1);
  });

  it('exits with 3 when the coordinator cannot be reached', async () => {
    const { coordinator, harness } = await open();
    coordinator.kill();
    const { code, errors } = await finish(harness, ['enroll']);
    expect(code).toBe(3);
    expect(errors).toContain(coordinator.address);
  });

  it('exits with 3 when something listens there and says nothing', async () => {
    const { harness } = await open();
    const silent = createServer().listen(0, '127.0.0.1');
    closing.push(() => silent.close());
    await once(silent, 'listening');
    const address = silent.address();
    await harness.configure({ coordinator: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}` });
    expect((await finish(harness, ['enroll'])).code).toBe(3);
  }, 60_000);

  it.each([['the join token was used already'], ['the join token expired']])('exits with 4 when %s', async (refusal) => {
    const { coordinator, harness } = await open();
    coordinator.behaviour.tokenRefusal = refusal;
    const { code, errors } = await finish(harness, ['enroll']);
    expect(code).toBe(4);
    expect(errors).toContain(refusal);
  });

  it('exits with 4 when the coordinator has another authority than the token says', async () => {
    const other = await createThrowawayAuthority('another');
    const { coordinator, harness } = await open({ joinToken: `heph1.${other.keyHash}.t1.secret` });
    const { code, errors } = await finish(harness, ['enroll']);
    expect(code).toBe(4);
    expect(errors).toContain('Nothing was sent');
    expect(coordinator.enrolments).toHaveLength(0);
  });

  it.each([['not a token'], ['heph1.abc.t1.secret'], ['']])('exits with 2 when the token is malformed: %j', async (token) => {
    const { harness } = await open();
    const tokenFile = join(harness.folder, 'other-token');
    await writeFile(tokenFile, token);
    const { code, errors } = await finish(harness, ['enroll', '--token-file', tokenFile]);
    expect(code).toBe(2);
    expect(errors).toContain('malformed');
  });

  it('says that a host is not enrolled, exit code 4', async () => {
    const { harness } = await open();
    await harness.configure({ joinTokenFile: undefined });
    const { code, errors } = await finish(harness, ['run']);
    expect(code).toBe(4);
    expect(errors).toContain('not enrolled');
  });

  it('reads its settings again on SIGHUP, and keeps the old ones when the new are wrong', async () => {
    const { coordinator, harness } = await open();
    const running = harness.spawn();
    await harness.write(10);
    await until('lines', () => coordinator.ledger.records === 10);
    await writeFile(harness.configPath, 'coordinator: nowhere');
    running.child.kill('SIGHUP');
    await until('a refusal', () => running.errors.includes('settings not changed'));
    const second = join(harness.folder, 'second.log');
    await writeFile(second, 'from the second\n');
    await harness.configure({
      sources: [
        { id: 'app', file: { include: [harness.logPath] } },
        { id: 'second', file: { include: [second] } },
      ],
    });
    running.child.kill('SIGHUP');
    await until('the second source', () => coordinator.ledger.allLines().includes('from the second'));
    await harness.write(10);
    await until('all lines', () => coordinator.ledger.records === 21);
    expect(await running.end('SIGTERM')).toBe(0);
    expect(coordinator.hellos).toHaveLength(1);
  });

  it('serves metrics and health where it is told to', async () => {
    const { coordinator, harness } = await open({ settings: { ops: { listen: '127.0.0.1:0' }, log: { level: 'info', output: 'json' } } });
    const running = harness.spawn();
    await harness.write(10);
    await until('lines', () => coordinator.ledger.records === 10);
    const port = /"port":(\d+),"message":"operations port open"/.exec(running.errors)?.[1];
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(await answer.text()).toMatch(/hephaestus_agent_records_acknowledged_total 10/);
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    expect(await running.end('SIGTERM')).toBe(0);
  });

  it('says what it may not read, and reads on elsewhere', async () => {
    const { coordinator, harness } = await open();
    const secret = join(harness.folder, 'secret.log');
    await writeFile(secret, 'hidden\n');
    await chmod(secret, 0o000);
    await harness.configure({
      sources: [
        { id: 'secret', file: { include: [secret] } },
        { id: 'app', file: { include: [harness.logPath] } },
      ],
    });
    harness.spawn();
    await harness.write(10);
    await until('lines', () => coordinator.ledger.allLines().includes('line 9'));
    const reasonOfSecret = (): string | undefined =>
      coordinator.heartbeats.at(-1)?.sources.find(({ source }) => source === 'secret')?.reason;
    await until('a heartbeat', () => reasonOfSecret() !== undefined);
    // Root reads everything, so that only others see the refusal.
    expect(reasonOfSecret()).toMatch(process.getuid?.() === 0 ? /^/ : /secret\.log/);
  });
});

describe('one state directory', () => {
  it('serves one agent: the second says so and ends', async () => {
    const { coordinator, harness } = await open();
    const first = harness.spawn();
    await harness.write(10);
    await until('lines', () => coordinator.ledger.records === 10);
    const second = await finish(harness, ['run']);
    expect(second.code).toBe(1);
    expect(second.errors).toContain(`another agent runs on the state directory ${harness.statePath}`);
    expect(await first.end('SIGTERM')).toBe(0);
    expect(coordinator.hellos).toHaveLength(1);
  });
});

describe('an agent without sources in its settings', () => {
  it('says of every place where logs are what it found', async () => {
    const { harness } = await open();
    await harness.configure({ sources: [] });
    const { code, output } = await finish(harness, ['sources']);
    expect(code).toBe(0);
    for (const place of ['nginx', 'PostgreSQL', 'system journal', 'Docker containers']) expect(output).toContain(place);
  });
});
