// Redaction in a running agent: what a coordinator receives, and what changes when settings are pushed.
// Must never look into the agent; only what arrives counts.
import { appendFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { NodeConfiguration, type ConfigStatus } from '../../proto/index.ts';
import { AgentHarness, until } from '../support/agent-harness.ts';
import { ScriptedCoordinator } from '../support/scripted-coordinator.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function open(): Promise<{ coordinator: ScriptedCoordinator; harness: AgentHarness; line: (text: string) => Promise<string> }> {
  const coordinator = await ScriptedCoordinator.start();
  closing.push(() => coordinator.kill());
  const harness = await AgentHarness.open({ address: coordinator.address, joinToken: coordinator.joinToken });
  closing.push(() => harness.close());
  let lines = 0;
  return {
    coordinator,
    harness,
    async line(text) {
      lines += 1;
      const count = lines;
      await appendFile(harness.logPath, `${text}\n`);
      await until('the line', () => coordinator.ledger.records === count);
      // The ledger reads a byte as a character.
      return Buffer.from(coordinator.ledger.allLines().at(-1) ?? '', 'latin1').toString();
    },
  };
}

async function push(
  coordinator: ScriptedCoordinator,
  hash: string,
  body: Parameters<typeof NodeConfiguration.fromPartial>[0],
): Promise<ConfigStatus> {
  coordinator.say({ $case: 'configuration', value: { version: 1, hash, body: NodeConfiguration.fromPartial(body) } });
  const statuses = (): readonly ConfigStatus[] =>
    coordinator.controlMessages.flatMap((message) =>
      message.$case === 'configStatus' && message.value.offeredHash === hash ? [message.value] : [],
    );
  await until(`a status about ${hash}`, () => statuses().length > 0);
  const [status] = statuses();
  if (status === undefined) throw new Error('no status');
  return status;
}

describe('redaction on the node', () => {
  it('is on without settings; equal values stay equal, across restarts too, and the file keeps its line', async () => {
    const { coordinator, harness, line } = await open();
    const running = harness.start();
    const first = await line('login failed: password=hunter2 from web');
    expect(first).toMatch(/^login failed: password=‹secret:password:[0-9a-f]{8}› from web$/);
    expect(await line('{"password":"hunter2"}')).toContain(first.slice('login failed: password='.length, -' from web'.length));
    await running.stop();
    harness.start();
    expect(await line('login failed: password=hunter2 from web')).toBe(first);
    expect(coordinator.ledger.breaches).toEqual([]);
    expect(await readFile(harness.logPath, 'utf8')).toContain('hunter2');
    expect((await stat(join(harness.statePath, 'redaction.key'))).mode & 0o777).toBe(0o600);
  });

  it('follows pushed settings without a restart, and refuses a wrong rule by its path', async () => {
    const { coordinator, harness, line } = await open();
    harness.start();
    expect(await line('order ORD-77 for ann@example.org')).toBe('order ORD-77 for ann@example.org');
    const redaction = { personalData: true, rules: [{ name: 'order', pattern: 'ORD-[0-9]+' }], allow: ['hunter2'] };
    expect(await push(coordinator, 'h1', { redaction })).toMatchObject({ runningHash: 'h1', reasons: [] });
    expect(await line('order ORD-77 for ann@example.org password=hunter2')).toMatch(
      /^order ‹secret:order:[0-9a-f]{8}› for ‹personal:mail:[0-9a-f]{8}› password=hunter2$/,
    );
    const refused = await push(coordinator, 'h2', {
      redaction: {
        rules: [
          { name: 'ok', pattern: 'a' },
          { name: 'bad', pattern: '(?=x)' },
        ],
      },
    });
    expect(refused).toMatchObject({ runningHash: 'h1', lastFailedHash: 'h2' });
    expect(refused.reasons.join('\n')).toContain('redaction.rules[1].pattern');
    expect(await line('order ORD-78')).toMatch(/^order ‹secret:order:/);
    await push(coordinator, 'h3', { redaction: { off: true } });
    expect(await line('password=hunter3')).toBe('password=hunter3');
    expect(coordinator.hellos).toHaveLength(1);
  });
});
