// A strong model that looks around by itself: what its calls give it, and the limits that it works within.
// Must never let a call write, leave the repository, or go on for ever.
import { describe, expect, it } from 'vitest';
import { say, type FakeAnswer, type FakeRequest } from '../support/fake-model-server.ts';
import { block, diagnosis, good, solveWith } from '../support/label-problem.ts';

const tools = { mode: 'tools' };
const call = (name: string, input: unknown): FakeAnswer => ({ kind: 'calls', calls: [{ name, input }] });

/** Calls as long as it may, then answers well. */
const callingForEver =
  (next: () => FakeAnswer) =>
  (request: FakeRequest): FakeAnswer => {
    if (request.hasSchema) return say(diagnosis);
    if (request.tools.length > 0 && !/call no more tools/.test(request.prompt)) return next();
    return say(request.prompt.includes('SEARCH') ? good : 'A name may be missing.');
  };

describe('a model with tools', () => {
  it('reads, searches, lists, sees history and runs tests with a change, then diagnoses and edits', async () => {
    const { proposal, asked, exchanges } = await solveWith(
      [
        {
          kind: 'calls',
          calls: [
            { name: 'search', input: { text: 'label(' } },
            { name: 'list_files', input: { prefix: 'test/' } },
          ],
        },
        {
          kind: 'calls',
          calls: [
            { name: 'read_file', input: { path: 'src/label.js' } },
            { name: 'history', input: { path: 'src/label.js' } },
          ],
        },
        call('run_tests', { change: block('  return order.name.toUpperCase();', "  return '';") }),
        call('run_tests', { change: good }),
        say('The name may be missing; the change holds.'),
        say(diagnosis),
        say(good),
      ],
      { model: tools },
    );
    expect(proposal).toMatchObject({ state: 'published', provider: 'openai-compatible', usage: { requests: 7 } });
    expect(asked[0]?.tools.toSorted()).toEqual(['history', 'list_files', 'read_file', 'run_tests', 'search']);
    expect(asked[1]?.prompt).toMatch(/src\/label\.js:1: export function label\(order\)/);
    expect(asked[1]?.prompt).toContain('test/label.test.js');
    expect(asked[2]?.prompt).toMatch(/2 \|\s+return order\.name/);
    expect(asked[2]?.prompt).toContain('Begin');
    expect(asked[3]?.prompt).toContain('exit status 1');
    expect(asked[4]?.prompt).toContain('exit status 0');
    // From the diagnosis on it may call nothing.
    expect(asked.slice(5).map((request) => request.tools)).toEqual([[], []]);
    expect(exchanges.map(({ purpose }) => purpose)).toEqual([...Array<string>(5).fill('explore'), 'diagnose', 'edit']);
  });

  it('is told what is wrong with a call, and can’t reach further than its tools', async () => {
    const { proposal, asked } = await solveWith(
      [
        {
          kind: 'calls',
          calls: [
            { name: 'shell', input: { command: 'id' } },
            { name: 'read_file', input: { file: 'x' } },
          ],
        },
        {
          kind: 'calls',
          calls: [
            { name: 'read_file', input: { path: '../../../etc/passwd' } },
            { name: 'read_file', input: { path: 'Label.js' } },
          ],
        },
        call('run_tests', { change: '.github/workflows/ci.yml\n<<<<<<< SEARCH\n=======\non: push\n>>>>>>> REPLACE\n' }),
        say('I know enough.'),
        say(diagnosis),
        say(good),
      ],
      { model: tools },
    );
    expect(asked[1]?.prompt).toContain('There is no tool shell');
    expect(asked[1]?.prompt).toContain("The call can't be read: path");
    expect(asked[2]?.prompt).not.toContain('root:');
    expect(asked[2]?.prompt).toContain('There is no file');
    expect(asked[3]?.prompt).toContain("The change can't be applied");
    expect(proposal?.state).toBe('published');
  });

  it('that calls the same again and again is stopped, and still gives its answer', async () => {
    const { proposal, exchanges } = await solveWith(
      callingForEver(() => call('search', { text: 'label' })),
      { model: tools },
    );
    expect(exchanges.filter(({ purpose }) => purpose === 'explore')).toHaveLength(5);
    expect(proposal).toMatchObject({ state: 'published', provider: 'openai-compatible' });
  });

  it('has so many steps, and no more', async () => {
    let count = 0;
    const next = (): FakeAnswer => call('search', { text: `label ${(count += 1)}` });
    const { proposal, exchanges } = await solveWith(callingForEver(next), { model: { ...tools, tools: { maxSteps: 3 } } });
    expect(exchanges.filter(({ purpose }) => purpose === 'explore')).toHaveLength(4);
    expect(proposal?.state).toBe('published');
  });

  it('stops looking around while the budget still pays for an answer', async () => {
    let count = 0;
    const next = (): FakeAnswer => call('search', { text: `label ${(count += 1)}` });
    const budget = { tokensPerIncident: 40_000 };
    const { proposal, exchanges } = await solveWith(callingForEver(next), { model: { ...tools, budget, tools: { maxSteps: 100 } } });
    expect(proposal).toMatchObject({ state: 'published', provider: 'openai-compatible' });
    expect(exchanges.at(-1)).toMatchObject({ purpose: 'edit', outcome: 'answered' });
  });
});
