// From an incident to what is delivered, with the built-in engine, real git and the real sandbox.
// Must never pass where bubblewrap is missing without having said so: then these tests fail.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { git, makeRepository } from '../support/plain-repository-service.ts';
import { sampleIncident, sampleOccurrence, sampleRepository, sampleTrace } from '../support/solution-samples.ts';
import { solutionBench } from '../support/solution-bench.ts';

const guarded = `export function discountOf(customer, subtotal) {
  if (customer === undefined) return 0;
  return customer.tier === 'gold' ? subtotal / 10 : 0;
}
`;
const broken = `export function discountOf(customer, subtotal) {
  const rates = { gold: 0.1, platinum: 0.2 };
  return subtotal * (rates[customer.tier] ?? 0);
}
`;
const testFile = `import { test } from 'node:test';
import assert from 'node:assert';
import { discountOf } from '../src/discount.js';
test('gold', () => assert.equal(discountOf({ tier: 'gold' }, 100), 10));
`;
const replay = `import { text } from 'node:stream/consumers';
import { discountOf } from '../src/discount.js';
const incident = JSON.parse(await text(process.stdin));
const line = incident.occurrences[0].raw;
try { discountOf(line.includes('customer=none') ? undefined : { tier: 'gold' }, 100); }
catch (error) { console.error(error.stack); process.exitCode = 1; }
`;
const message = "Cannot read properties of undefined (reading 'tier')";

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heph-solutions-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function shop(): Promise<string> {
  const directory = join(folder, 'shop');
  const manifest = '{"name":"shop","type":"module","scripts":{"test":"node --test"}}\n';
  await makeRepository(directory, [
    {
      subject: 'Begin',
      files: { 'package.json': manifest, 'src/discount.js': guarded, 'test/discount.test.js': testFile, 'tools/replay.js': replay },
    },
    { subject: 'Add platinum', files: { 'src/discount.js': broken } },
  ]);
  return directory;
}

const trace = sampleTrace({
  message,
  frames: [
    { function: 'discountOf', file: '/srv/shop/src/discount.js', line: 3, column: 38, module: undefined, inApp: true, source: undefined },
    { function: 'listen', file: 'node:net', line: 1, column: 1, module: undefined, inApp: false, source: undefined },
  ],
});
const occurrence = sampleOccurrence(trace, { raw: `POST /quotes customer=none failed\nTypeError: ${message}` });
const commands = { setup: undefined, build: undefined, test: undefined, reproduce: ['node', 'tools/replay.js'] };

describe('the pipeline with the built-in engine', () => {
  it('takes back what broke it, proves it and pushes one branch', async () => {
    const directory = await shop();
    const bench = await solutionBench({
      directory,
      incident: sampleIncident(),
      occurrences: [occurrence],
      repository: sampleRepository({ gate: 'reproduced', commands }),
    });
    await bench.jobs.enqueue('propose', sampleIncident().id);
    await bench.drain();
    const proposal = await bench.newest();
    expect(proposal?.stateReason).toContain('Change request');
    expect(proposal?.state).toBe('published');
    expect(proposal?.suspectCommits[0]?.commit.subject).toBe('Add platinum');
    expect(Object.fromEntries(proposal?.validation?.rungs.map(({ rung, outcome }) => [rung, outcome]) ?? [])).toEqual({
      parsed: 'passed',
      applied: 'passed',
      syntax: 'passed',
      builds: 'skipped',
      tests: 'passed',
      reproduced: 'passed',
    });
    expect(proposal?.confidence).toBeGreaterThan(0.7);
    const branch = proposal?.delivery?.branch ?? '';
    expect(branch).toMatch(/^hephaestus\/[0-9a-z]+-typeerror/);
    expect(await git(directory, 'show', `${branch}:src/discount.js`)).toContain('platinum');
    expect(await git(directory, 'log', '-1', '--format=%B', branch)).toContain(`Hephaestus-Incident: ${sampleIncident().id}`);
    expect(bench.service.acts).toHaveLength(1);
  });

  it('saves each rung as it is climbed, with no gate passed before the last', async () => {
    const bench = await solutionBench({
      directory: await shop(),
      incident: sampleIncident(),
      occurrences: [occurrence],
      repository: sampleRepository({ gate: 'tests', commands }),
    });
    const save = vi.spyOn(bench.proposals, 'save');
    await bench.jobs.enqueue('propose', sampleIncident().id);
    await bench.drain();
    const onTrial = save.mock.calls.map(([proposal]) => proposal).filter(({ state }) => state === 'validating');
    expect(onTrial.map(({ validation }) => validation?.rungs.length ?? 0)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(onTrial.every(({ diff }) => diff.includes('discount.js'))).toBe(true);
    expect(onTrial.some(({ validation }) => validation?.gatePassed === true || validation?.finishedAtMs !== undefined)).toBe(false);
  });

  it('repeats nothing when every job runs a second time', async () => {
    const directory = await shop();
    const bench = await solutionBench({
      directory,
      incident: sampleIncident(),
      occurrences: [occurrence],
      repository: sampleRepository({ commands }),
    });
    await bench.jobs.enqueue('propose', sampleIncident().id);
    await bench.drain();
    // As after a crash between the work and its being marked as done.
    for (const row of bench.jobs.rows) row.state = 'waiting';
    await bench.drain();
    expect(bench.proposals.all.size).toBe(1);
    expect(bench.service.acts).toHaveLength(1);
  });

  it('waits for approval in mode suggest, and publishes when it is given', async () => {
    const directory = await shop();
    const bench = await solutionBench({
      directory,
      incident: sampleIncident(),
      occurrences: [occurrence],
      repository: sampleRepository({ mode: 'suggest', commands }),
    });
    await bench.jobs.enqueue('propose', sampleIncident().id);
    await bench.drain();
    const proposal = await bench.newest();
    expect(proposal?.state).toBe('awaiting-approval');
    expect(bench.service.acts).toEqual([]);
    await bench.solutions.approve(proposal?.id ?? '', 'operator', 'looks right');
    await bench.drain();
    expect(await bench.newest()).toMatchObject({ state: 'published', decidedBy: 'operator' });
    expect(bench.service.acts).toHaveLength(1);
  });

  it('delivers the diagnosis as an issue where nothing fits', async () => {
    const directory = await shop();
    const away = sampleTrace({ type: 'Error', message: 'getaddrinfo EAI_AGAIN rates.partner.test', frames: trace.frames });
    const bench = await solutionBench({
      directory,
      incident: sampleIncident({ title: 'Error: getaddrinfo EAI_AGAIN rates.partner.test' }),
      occurrences: [sampleOccurrence(away)],
      repository: sampleRepository(),
      issues: true,
    });
    await bench.jobs.enqueue('propose', sampleIncident().id);
    await bench.drain();
    const proposal = await bench.newest();
    expect(proposal).toMatchObject({ state: 'diagnosed', diff: '', delivery: { kind: 'issue' } });
    expect(proposal?.locations[0]?.path).toBe('src/discount.js');
    expect(bench.service.acts).toEqual([`issue ${sampleIncident().id}`]);
  });

  it('keeps evidence and says what to do where no repository is responsible', async () => {
    const bench = await solutionBench({
      directory: folder,
      incident: sampleIncident({ service: 'other' }),
      occurrences: [occurrence],
      repository: sampleRepository(),
    });
    await bench.jobs.enqueue('propose', sampleIncident().id);
    await bench.drain();
    const proposal = await bench.newest();
    expect(proposal?.state).toBe('diagnosed');
    expect(proposal?.stateReason).toContain('repositories add');
    expect(proposal?.evidence.length).toBeGreaterThan(1);
  });
});
