// Settings that a coordinator pushes: applied without a restart, refused with every reason, kept for the next start.
// Must never look at files of the agent's state; what it says and ships is what counts.
import { appendFile, open as openFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { NodeConfiguration, type ConfigStatus } from '../../proto/index.ts';
import { AgentHarness, until } from '../support/agent-harness.ts';
import { ScriptedCoordinator } from '../support/scripted-coordinator.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function open(): Promise<{ coordinator: ScriptedCoordinator; harness: AgentHarness; second: string }> {
  const coordinator = await ScriptedCoordinator.start();
  closing.push(() => coordinator.kill());
  const harness = await AgentHarness.open({ address: coordinator.address, joinToken: coordinator.joinToken });
  closing.push(() => harness.close());
  const second = join(harness.folder, 'second.log');
  await writeFile(second, 'from the second\n');
  return { coordinator, harness, second };
}

function push(coordinator: ScriptedCoordinator, hash: string, body: Parameters<typeof NodeConfiguration.fromPartial>[0]): void {
  coordinator.say({ $case: 'configuration', value: { version: 1, hash, body: NodeConfiguration.fromPartial(body) } });
}

function statuses(coordinator: ScriptedCoordinator): readonly ConfigStatus[] {
  return coordinator.controlMessages.flatMap((message) => (message.$case === 'configStatus' ? [message.value] : []));
}

async function statusOf(coordinator: ScriptedCoordinator, hash: string): Promise<ConfigStatus> {
  await until(`a status about ${hash}`, () => statuses(coordinator).some(({ offeredHash }) => offeredHash === hash));
  const found = statuses(coordinator).find(({ offeredHash }) => offeredHash === hash);
  if (found === undefined) throw new Error('no status');
  return found;
}

function fileSource(id: string, path: string) {
  return { id, input: { $case: 'file' as const, value: { include: [path] } } };
}

describe('a pushed configuration', () => {
  it('adds a source without a restart, leaves the others alone, and is what runs after the next start', async () => {
    const { coordinator, harness, second } = await open();
    const running = harness.start();
    await harness.write(10);
    await until('lines', () => coordinator.ledger.records === 10);
    push(coordinator, 'h1', { sources: [{ ...fileSource('second', second), service: 'shop' }] });
    expect(await statusOf(coordinator, 'h1')).toMatchObject({ runningHash: 'h1', lastFailedHash: '', reasons: [] });
    await until('the second source', () => coordinator.ledger.allLines().includes('from the second'));
    expect(coordinator.hellos).toHaveLength(1);
    expect(coordinator.ledger.services.get('second')).toBe('shop');
    await running.stop();

    harness.start();
    await until('another Hello', () => coordinator.hellos.length === 2);
    expect(coordinator.hellos[1]?.configurationHash).toBe('h1');
    await harness.write(10);
    await until('lines', () => coordinator.ledger.records === 21);
    expect(coordinator.ledger.breaches).toEqual([]);
  });

  it('that is wrong changes nothing and is refused with all reasons and their paths', async () => {
    const { coordinator, harness, second } = await open();
    harness.start();
    await until('a Hello', () => coordinator.heartbeats.length > 0);
    push(coordinator, 'good', { sources: [fileSource('second', second)] });
    await statusOf(coordinator, 'good');
    push(coordinator, 'bad', {
      logLevel: 'loud',
      sources: [fileSource('not an id', 'relative.log'), { id: 'empty' }],
      limits: { maxCpuShare: 7 },
    });
    const { runningHash, lastFailedHash, reasons } = await statusOf(coordinator, 'bad');
    expect({ runningHash, lastFailedHash }).toEqual({ runningHash: 'good', lastFailedHash: 'bad' });
    for (const path of ['log.level', 'sources[0].id', 'sources[0].file.include[0]', 'sources[1]', 'limits.maxCpuShare']) {
      expect(reasons.join('\n')).toContain(path);
    }
    await harness.write(10);
    await until('lines', () => coordinator.ledger.records === 11);
    await until('the reason in the health', () => coordinator.heartbeats.at(-1)?.health?.reason.includes('refused') === true);
  });

  it('whose pattern cannot be used is refused as a whole', async () => {
    const { coordinator, harness, second } = await open();
    harness.start();
    await until('a Hello', () => coordinator.heartbeats.length > 0);
    push(coordinator, 'bad', {
      sources: [fileSource('fine', second), { ...fileSource('broken', second), framing: { startPattern: '(unclosed' } }],
    });
    const { reasons } = await statusOf(coordinator, 'bad');
    expect(reasons.join('\n')).toMatch(/^sources\[1\]\.framing\.startPattern .* is no RE2 pattern/);
    await harness.write(10);
    await until('lines', () => coordinator.ledger.records === 10);
    expect(coordinator.ledger.allLines()).not.toContain('from the second');
  });

  it('changes a source in the middle without losing or repeating a line', async () => {
    const { coordinator, harness } = await open();
    harness.start();
    await until('a Hello', () => coordinator.heartbeats.length > 0);
    for (let round = 0; round < 6; round += 1) {
      await harness.write(2000);
      push(coordinator, `h${round}`, { sources: [{ ...fileSource('app', harness.logPath), maxBytesPerSecond: 10_000_000 + round }] });
      await statusOf(coordinator, `h${round}`);
    }
    await until('the last line', () => coordinator.ledger.allLines().includes(harness.expected().at(-1) ?? ''));
    expect(coordinator.ledger.allLines()).toEqual(harness.expected());
    expect(coordinator.ledger.breaches).toEqual([]);
  });

  it('that only says whose lines they are leaves a file that nobody else holds to be read on', async () => {
    const { coordinator, harness } = await open();
    harness.start();
    await until('a Hello', () => coordinator.heartbeats.length > 0);
    await harness.write(10);
    await until('lines', () => coordinator.ledger.records === 10);
    const descriptor = await openFile(harness.logPath, 'a');
    closing.push(() => descriptor.close());
    await rm(harness.logPath);
    push(coordinator, 'h1', { sources: [{ ...fileSource('app', harness.logPath), service: 'shop', labels: { team: 'a' } }] });
    expect(await statusOf(coordinator, 'h1')).toMatchObject({ runningHash: 'h1' });
    await descriptor.write('one more\n');
    await until('what was written to it since', () => coordinator.ledger.allLines().includes('one more'));
    expect(coordinator.ledger.services.get('app')).toBe('shop');
    expect(coordinator.ledger.gaps).toEqual([]);
  });

  it('that names what this host does not let a coordinator have read is refused', async () => {
    const { coordinator, harness, second } = await open();
    await harness.configure({ pushedFolders: [join(harness.folder, 'logs')] });
    harness.start();
    await until('a Hello', () => coordinator.heartbeats.length > 0);
    const inside = join(harness.folder, 'logs/a.log');
    const include = [join(harness.folder, 'logs/*/') + '../../x.log', `${harness.folder}/{logs,state}/*.json`, second, inside];
    push(coordinator, 'outside', { sources: [{ id: 'pushed', input: { $case: 'file', value: { include } } }] });
    const { reasons } = await statusOf(coordinator, 'outside');
    expect(reasons.map((reason) => reason.replaceAll(harness.folder, '…'))).toEqual([
      'sources[0].file.include[0] must not lead upwards by ..',
      'sources[0].file.include[1] is in …/state, where the agent keeps its keys; that is never read',
      'sources[0].file.include[2] is not in a folder that this host lets a coordinator have read (pushedFolders: …/logs)',
    ]);
    push(coordinator, 'inside', { sources: [fileSource('pushed', inside)] });
    expect(await statusOf(coordinator, 'inside')).toMatchObject({ runningHash: 'inside', reasons: [] });
  });

  it('reads nothing of what the agent keeps for itself, whatever a pattern matches', async () => {
    const { coordinator, harness } = await open();
    harness.start();
    await until('a Hello', () => coordinator.heartbeats.length > 0);
    push(coordinator, 'wide', { sources: [fileSource('wide', join(harness.folder, '**'))] });
    await statusOf(coordinator, 'wide');
    await until('the other files', () => coordinator.ledger.allLines().includes('from the second'));
    await harness.write(5);
    await until('lines', () => coordinator.ledger.allLines().filter((line) => line === 'line 4').length === 2);
    expect(coordinator.ledger.allLines().join('\n')).not.toMatch(/PRIVATE KEY|BEGIN CERTIFICATE|checksum/);
  });

  it('switches a source of the file off', async () => {
    const { coordinator, harness } = await open();
    harness.start();
    await until('a Hello', () => coordinator.heartbeats.length > 0);
    push(coordinator, 'off', { sources: [{ id: 'app', disabled: true }] });
    await statusOf(coordinator, 'off');
    const seen = coordinator.heartbeats.length;
    await harness.write(10);
    await until('heartbeats without the source', () => coordinator.heartbeats.slice(seen + 1).some(({ sources }) => sources.length === 0));
    expect(coordinator.ledger.records).toBe(0);
  });
});

describe('a command', () => {
  async function ask(coordinator: ScriptedCoordinator, command: Parameters<ScriptedCoordinator['command']>[0]) {
    coordinator.command(command);
    const results = () => coordinator.controlMessages.flatMap((message) => (message.$case === 'commandResult' ? [message.value] : []));
    await until('a result', () => results().length > 0);
    return results()[0];
  }

  it('for context is answered with facts, vitals and sources', async () => {
    const { coordinator, harness } = await open();
    await harness.write(20);
    await appendFile(harness.logPath, 'password=correct-horse-battery-staple\nTypeError: gone\n    at a (/srv/a.js:1:2)\n');
    harness.start();
    await until('all records', () => coordinator.ledger.records === 22);
    const result = await ask(coordinator, { $case: 'collectContext', value: { source: 'app', lines: 3 } });
    expect(result?.ok).toBe(true);
    expect(JSON.parse(result?.payload.toString() ?? '')).toMatchObject({
      sources: [{ source: 'app' }],
      lines: ['line 19', expect.stringMatching(/^password=(?!correct)/) as string, 'TypeError: gone\n    at a (/srv/a.js:1:2)'],
      facts: { agentVersion: expect.any(String) as string },
    });
  });

  it('to rotate the certificate renews it without ending the session', async () => {
    const { coordinator, harness } = await open();
    harness.start();
    await until('a Hello', () => coordinator.heartbeats.length > 0);
    expect((await ask(coordinator, { $case: 'rotateCertificate', value: {} }))?.ok).toBe(true);
    expect([coordinator.renewals.length, coordinator.hellos.length]).toEqual([1, 1]);
  });

  it('with a log level that there is not is refused', async () => {
    const { coordinator, harness } = await open();
    harness.start();
    await until('a Hello', () => coordinator.heartbeats.length > 0);
    const result = await ask(coordinator, { $case: 'setLogLevel', value: { level: 'loud' } });
    expect([result?.ok, result?.message]).toEqual([false, expect.stringContaining('no log level')]);
  });
});
