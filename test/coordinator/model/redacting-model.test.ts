// What a hosted model is sent, and what becomes of tokens in its answers.
// Must never ask a real one.
import { describe, expect, it } from 'vitest';
import { nothingSaid, type Completion, type CompletionRequest, type TextModel } from '../../../coordinator/model/model.ts';
import { redactWhatLeaves } from '../../../coordinator/model/redacting-model.ts';

const key = 'Zk2LmP9wEr4TyU8aQ7xZk2LmP9wEr4Ty';

function modelThatSaysBack(): { readonly model: TextModel; readonly sent: CompletionRequest[] } {
  const sent: CompletionRequest[] = [];
  const complete = async (request: CompletionRequest): Promise<Completion> => {
    sent.push(request);
    return { text: request.turns.at(-1)?.content ?? '', inputTokens: 1, outputTokens: 1, stopped: 'end' };
  };
  return { model: redactWhatLeaves({ provider: 'p', model: 'm', complete, probe: async () => nothingSaid }), sent };
}

const request = (content: string, schema: CompletionRequest['schema']): CompletionRequest => ({
  system: `rules of ann@example.org`,
  turns: [{ role: 'user', content }],
  schema,
  maxOutputTokens: 10,
  contextTokens: 100,
  temperature: 0,
  signal: new AbortController().signal,
});

const content = `const salt = "${key}";\nmail bob@example.org at 203.0.113.7, password=hunter2, request 550e8400-e29b-41d4-a716-446655440000`;

describe('a hosted model', () => {
  it('is never sent keys, people or hosts', async () => {
    const { model, sent } = modelThatSaysBack();
    await model.complete(request(content, {}));
    const everything = JSON.stringify(sent);
    for (const value of [key, 'ann@', 'bob@', '203.0.113.7', 'hunter2']) expect(everything).not.toContain(value);
    expect(everything).toContain('550e8400-e29b-41d4-a716-446655440000');
  });

  it('answers edits with what the tokens stood for, and diagnoses with tokens', async () => {
    const { model } = modelThatSaysBack();
    expect((await model.complete(request(content, undefined))).text).toBe(content);
    expect((await model.complete(request(content, {}))).text).not.toContain('hunter2');
    expect((await model.complete(request('‹secret:password:00000000›', undefined))).text).toBe('‹secret:password:00000000›');
  });
});
