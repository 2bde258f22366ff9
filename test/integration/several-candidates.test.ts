// States that several changes that hold are compared: a model is asked for another one, and the better of both is proposed.
// Must never reach beyond loopback.
import { expect, it } from 'vitest';
import { say, type FakeRequest } from '../support/fake-model-server.ts';
import { block, diagnosis, good, solveWith } from '../support/label-problem.ts';

const replay = ['node', '-e', "import('./src/label.js').then(({ label }) => label({}))"];
const repository = { gate: 'reproduced' as const, commands: { setup: undefined, build: undefined, test: undefined, reproduce: replay } };
const large = block(
  '  return order.name.toUpperCase();',
  "  const name = order.name;\n  if (name === undefined) {\n    return '';\n  }\n  return name.toUpperCase();",
);

const answerWith =
  (first: string, other: string) =>
  ({ prompt, hasSchema }: FakeRequest): ReturnType<typeof say> => {
    if (hasSchema) return say(diagnosis);
    return say(prompt.includes('That change holds. Is there a smaller one') ? other : first);
  };

it('the smaller of two that hold is proposed', async () => {
  const { proposal } = await solveWith(answerWith(large, good), { repository, candidates: 3 });
  expect(proposal).toMatchObject({ state: 'published', provider: 'openai-compatible' });
  expect(proposal?.files['src/label.js']).toContain("(order.name ?? '')");
});

it('the first one stays where the other fails, or there is none', async () => {
  for (const other of [block('  return order.name.toUpperCase();', "  return '';"), 'NONE']) {
    const { proposal } = await solveWith(answerWith(large, other), { repository, candidates: 3 });
    expect(proposal?.state).toBe('published');
    expect(proposal?.files['src/label.js']).toContain('if (name === undefined)');
  }
});

it('who else proposed the same is said; a model that repeats itself backs nothing', async () => {
  const { proposal } = await solveWith(answerWith(good, good), { repository, candidates: 3 });
  expect(proposal?.validation?.rungs.find(({ rung }) => rung === 'applied')?.output).toBe('src/label.js; proposed by builtin, too');
});
