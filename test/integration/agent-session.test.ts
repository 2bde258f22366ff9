// An agent and a coordinator that misbehaves on purpose: every line arrives once and in order, whatever is answered.
// Must never look inside the agent; lines are counted where they are committed.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Status } from 'nice-grpc';
import { afterEach, describe, expect, it } from 'vitest';
import { NackReason } from '../../proto/index.ts';
import { AgentHarness, until, type HarnessOptions } from '../support/agent-harness.ts';
import { ScriptedCoordinator, type ScriptedCoordinatorOptions } from '../support/scripted-coordinator.ts';
import { createThrowawayAuthority } from '../support/throwaway-authority.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function open(
  script: ScriptedCoordinatorOptions = {},
  options: Partial<HarnessOptions> = {},
): Promise<{ coordinator: ScriptedCoordinator; harness: AgentHarness }> {
  const coordinator = await ScriptedCoordinator.start(script);
  closing.push(() => coordinator.kill());
  const harness = await AgentHarness.open({ address: coordinator.address, joinToken: coordinator.joinToken, ...options });
  closing.push(() => harness.close());
  return { coordinator, harness };
}

/** Waits until the last line is there and then says what is. */
async function shipped(coordinator: ScriptedCoordinator, harness: AgentHarness, limitMs?: number): Promise<readonly string[]> {
  const last = harness.expected().at(-1) ?? '';
  await until(`${last} at the coordinator`, () => coordinator.ledger.allLines().includes(last), limitMs);
  return coordinator.ledger.allLines();
}

describe('a session', () => {
  it('enrols with a token, ships every line once, and leaves the coordinator at the end of the file when it stops', async () => {
    const { coordinator, harness } = await open();
    await harness.write(5000);
    const running = harness.start();
    await until('half of it', () => coordinator.ledger.records > 0);
    await harness.write(5000);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
    await running.stop();
    expect(coordinator.ledger.breaches).toEqual([]);
    expect((await stat(join(harness.statePath, 'node.pem'))).mode & 0o777).toBe(0o600);
    expect(coordinator.enrolments).toHaveLength(1);
  });

  it('goes on where it stood after a restart, without enrolling again', async () => {
    const { coordinator, harness } = await open();
    for (let round = 0; round < 3; round += 1) {
      const running = harness.start();
      await harness.write(100);
      await shipped(coordinator, harness);
      await running.stop();
    }
    expect(coordinator.ledger.allLines()).toEqual(harness.expected());
    expect(coordinator.enrolments).toHaveLength(1);
    expect(coordinator.hellos.map(({ sessionEpoch }) => sessionEpoch)).toHaveLength(3);
    expect(coordinator.ledger.breaches).toEqual([]);
  });

  it('takes acknowledgements that are repeated, late, of another session or for nothing that was sent for what they are', async () => {
    const { coordinator, harness } = await open({ behaviour: { oddAcks: true } });
    harness.start();
    for (let round = 0; round < 20; round += 1) {
      await harness.write(50);
      await shipped(coordinator, harness);
    }
    expect(coordinator.ledger.allLines()).toEqual(harness.expected());
    expect(coordinator.hellos).toHaveLength(1);
    expect(coordinator.ledger.breaches).toEqual([]);
  });

  it.each([
    ['overloaded', NackReason.OVERLOADED],
    ['without its store', NackReason.STORE_UNAVAILABLE],
    ['sent something damaged', NackReason.CORRUPT],
  ])('sends the same again when the coordinator is %s', async (_, reason) => {
    const { coordinator, harness } = await open();
    let refused = 0;
    coordinator.behaviour.refuse = () => {
      refused += 1;
      return refused % 3 === 0 ? undefined : { reason, retryAfterMs: 20 };
    };
    harness.start();
    for (let round = 0; round < 5; round += 1) {
      await harness.write(1000);
      await shipped(coordinator, harness);
    }
    expect(coordinator.ledger.allLines()).toEqual(harness.expected());
    expect(coordinator.ledger.breaches).toEqual([]);
    expect(refused).toBeGreaterThan(2);
  });

  it('puts a gap in the place of a batch that the coordinator can never take, and goes on', async () => {
    const { coordinator, harness } = await open();
    await harness.write(10);
    let isFirst = true;
    coordinator.behaviour.refuse = () => {
      const refusal = isFirst ? { reason: NackReason.INVALID } : undefined;
      isFirst = false;
      return refusal;
    };
    const { agent } = harness.start();
    await until('the gap', () => coordinator.ledger.gaps.length === 1);
    const [gap] = coordinator.ledger.gaps;
    // The newest record waits for what may still belong to it, so that the first batch holds nine or ten of them.
    const refusedLines = harness.expected().slice(0, gap?.records);
    expect(refusedLines.length).toBeGreaterThanOrEqual(9);
    expect(gap?.bytes).toBe(refusedLines.join('\n').length + 1);
    await harness.write(10);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected().slice(refusedLines.length));
    expect((await agent.metrics.getCurrentMetrics()).text).toMatch(/hephaestus_agent_gaps_total\{source="app",loss="known"\} 1/);
    expect(coordinator.ledger.breaches).toEqual([]);
  });

  it('begins anew at the positions of Welcome when a batch does not begin where the coordinator stands', async () => {
    const { coordinator, harness } = await open();
    harness.start();
    await harness.write(10);
    await shipped(coordinator, harness);
    let isFirst = true;
    coordinator.behaviour.refuse = () => {
      const refusal = isFirst ? { reason: NackReason.OUT_OF_ORDER } : undefined;
      isFirst = false;
      return refusal;
    };
    await harness.write(10);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
    expect(coordinator.hellos).toHaveLength(2);
  });

  it('neither loses nor repeats a line when the coordinator dies between commit and acknowledgement, again and again', async () => {
    const { coordinator, harness } = await open({ behaviour: { ackDelayMs: 30 } });
    harness.start();
    for (let round = 0; round < 5; round += 1) {
      await harness.write(3000);
      await until('something new', () => coordinator.ledger.records > round * 3000);
      coordinator.kill();
      await harness.write(10);
      await coordinator.listen();
      await shipped(coordinator, harness);
    }
    expect(coordinator.ledger.allLines()).toEqual(harness.expected());
    expect(coordinator.ledger.breaches).toEqual([]);
  });

  it('connects again when the coordinator says goodbye, with nothing lost', async () => {
    const { coordinator, harness } = await open();
    harness.start();
    await harness.write(100);
    await shipped(coordinator, harness);
    await coordinator.goAway();
    await harness.write(100);
    await coordinator.listen();
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
    expect(coordinator.ledger.breaches).toEqual([]);
  });

  it('keeps beating and holds no more than its credit while the coordinator does not read', async () => {
    const { coordinator, harness } = await open({ behaviour: { isDeaf: true, creditBytes: 100_000, heartbeatMs: 200 } });
    await harness.write(100_000);
    const { agent } = harness.start();
    await until('heartbeats', () => coordinator.heartbeats.length >= 10);
    const { text } = await agent.metrics.getCurrentMetrics();
    const inFlight = Number(/hephaestus_agent_in_flight_bytes (\d+)/.exec(text)?.[1]);
    expect(inFlight).toBeGreaterThan(0);
    expect(inFlight).toBeLessThan(400_000);
    expect(coordinator.heartbeats.at(-1)?.oldestUnacknowledgedAge?.seconds).toBeGreaterThanOrEqual(1);
    coordinator.behaviour.isDeaf = false;
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
  });

  it('starts a new session when acknowledgements stay away, and repeats nothing that was committed', async () => {
    const { coordinator, harness } = await open({ behaviour: { swallowAcks: true } }, { ackTimeoutMs: 1000 });
    harness.start();
    await harness.write(100);
    await until('another session', () => coordinator.hellos.length >= 2);
    coordinator.behaviour.swallowAcks = false;
    await harness.write(100);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
    expect(coordinator.ledger.breaches).toEqual([]);
  });

  it('begins its sources anew when the coordinator goes on refusing where they are read on', async () => {
    const { coordinator, harness } = await open();
    harness.start();
    await harness.write(100);
    await shipped(coordinator, harness);
    coordinator.behaviour.refuse = () => ({ reason: NackReason.OUT_OF_ORDER });
    await harness.write(100);
    await until('sources that begin anew', () => harness.messages.some((line) => line.includes('begin anew')), 60_000);
    coordinator.behaviour.refuse = undefined;
    await harness.write(100);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
    expect(coordinator.ledger.gaps).toEqual([]);
    expect(coordinator.ledger.breaches).toEqual([]);
  });

  it('waits longer for a coordinator that was too slow to greet before', async () => {
    const { coordinator, harness } = await open({ behaviour: { greetingDelayMs: 600 } }, { greetingTimeoutMs: 400 });
    harness.start();
    await harness.write(100);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
    expect(coordinator.hellos.length).toBeGreaterThan(1);
  });

  it('falls back on the positions on disk when the coordinator knows none', async () => {
    const { coordinator, harness } = await open();
    const first = harness.start();
    await harness.write(100);
    await shipped(coordinator, harness);
    await first.stop();
    coordinator.ledger.forgetPositions();
    harness.start();
    await harness.write(100);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
  });

  it.each([
    ['torn', (text: string) => text.slice(0, text.length / 2)],
    ['zeroed', (text: string) => '\0'.repeat(text.length)],
    ['of an older version', (text: string) => text.replace('"version":1', '"version":0')],
  ])('starts and says so when the positions on disk are %s', async (_, damage) => {
    const { coordinator, harness } = await open();
    const first = harness.start();
    await harness.write(100);
    await shipped(coordinator, harness);
    await first.stop();
    const path = join(harness.statePath, 'positions.json');
    await writeFile(path, damage(await readFile(path, 'utf8')));
    harness.start();
    await harness.write(100);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
    expect(harness.messages.some((line) => line.includes('the positions on disk are no use'))).toBe(true);
  });
});

describe('certificates', () => {
  it('are renewed at half of their life, and the new one is used before the old one ends', async () => {
    const life = () => ({ fromMs: Date.now() - 1000, toMs: Date.now() + 5000 });
    const { coordinator, harness } = await open({ behaviour: { certificateLife: life } });
    harness.start();
    await until('two renewals', async () => {
      await harness.write(10);
      return coordinator.renewals.length >= 2 && coordinator.hellos.length >= 2;
    });
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
    expect(coordinator.ledger.breaches).toEqual([]);
  });

  it('that expired while the agent was off are replaced by proving the old key', async () => {
    const { coordinator, harness } = await open({
      behaviour: { certificateLife: () => ({ fromMs: Date.now() - 60_000, toMs: Date.now() - 1 }) },
    });
    harness.start();
    await until('a renewal', () => coordinator.renewals.length > 0);
    coordinator.behaviour.certificateLife = undefined;
    await harness.write(10);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
    expect(coordinator.renewals[0]?.proof.length).toBeGreaterThan(0);
  });
});

describe('enrolment', () => {
  it('sends nothing to a coordinator of another authority', async () => {
    const other = await createThrowawayAuthority('another');
    const { coordinator, harness } = await open({}, { joinToken: `heph1.${other.keyHash}.t1.secret` });
    await expect(harness.start().ended).rejects.toMatchObject({ code: 'enrolment.not-trusted' });
    expect(coordinator.enrolments).toHaveLength(0);
  });

  it('sends nothing to a server whose certificate is not for a coordinator, though its authority is right', async () => {
    const { coordinator, harness } = await open({ serverNames: ['something-else'] });
    await expect(harness.start().ended).rejects.toMatchObject({ code: 'enrolment.not-trusted' });
    expect(coordinator.enrolments).toHaveLength(0);
  });

  it('says so when a token is used up', async () => {
    const { harness } = await open({ behaviour: { tokenRefusal: 'the join token was used already' } });
    await expect(harness.start().ended).rejects.toMatchObject({
      code: 'enrolment.refused',
      message: expect.stringContaining('used already') as string,
    });
  });

  it('keeps trying while the coordinator is away, and is done when it comes', async () => {
    const { coordinator, harness } = await open();
    coordinator.kill();
    harness.start();
    await until('an attempt', () => harness.messages.some((line) => line.includes('coordinator.unreachable')));
    await coordinator.listen();
    await harness.write(10);
    expect(await shipped(coordinator, harness)).toEqual(harness.expected());
  });
});

describe('a node that was removed', () => {
  it('stops, saying that it is refused', async () => {
    const { harness } = await open({ behaviour: { helloRefusal: { status: Status.PERMISSION_DENIED, message: 'the node was removed' } } });
    await expect(harness.start().ended).rejects.toMatchObject({ code: 'coordinator.refused' });
  });
});
