// Proves what a model server does with what it is sent: is the schema honoured, is the context cut, are tokens counted?
// Must never trust a server's documentation: servers ignore options quietly.
import { ModelError, estimateTokens, type TextModel } from './model.ts';

export interface CanaryReport {
  readonly honoursSchema: boolean;
  readonly countsTokens: boolean;
  /** The largest context that was proven, at most what was asked for. */
  readonly contextTokens: number;
  /** What is used in a weaker way, in words; empty if all is well. */
  readonly findings: readonly string[];
}

/** The context probe is no longer than this: evaluating a prompt on a CPU takes seconds for a thousand tokens. */
const mostProbeTokens = 6_000;
/** A context smaller than this can't hold an incident and its code. */
const leastContextTokens = 2_048;

const answerSchema = {
  type: 'object',
  properties: { colour: { type: 'string', enum: ['umber', 'cobalt', 'saffron'] }, count: { type: 'integer' } },
  required: ['colour', 'count'],
  additionalProperties: false,
} as const;

/** @throws ModelError if the server can't be used at all. */
export async function runCanary(model: TextModel, contextTokens: number, signal: AbortSignal): Promise<CanaryReport> {
  const findings: string[] = [];
  const ask = { temperature: 0, contextTokens, signal };
  const schema = await model.complete({
    ...ask,
    system: 'You answer test questions.',
    // The words ask for something else than the schema, so that only a server that forces the schema passes.
    turns: [{ role: 'user', content: 'Say the word "ready" in a friendly sentence.' }],
    schema: answerSchema,
    maxOutputTokens: 128,
  });
  const honoursSchema = matchesAnswer(schema.text);
  if (!honoursSchema)
    findings.push(`${model.model} does not honour JSON schemas: they are described in words instead, and answers are checked`);

  const wanted = Math.min(mostProbeTokens, Math.floor(contextTokens * 0.6));
  const filler = 'The quick brown fox jumps over the lazy dog near the river bank. ';
  const prompt = filler.repeat(Math.ceil((wanted * 4.4) / filler.length));
  const context = await model.complete({
    ...ask,
    system: 'You answer test questions.',
    turns: [{ role: 'user', content: `${prompt}\nAnswer with the word: done` }],
    schema: undefined,
    maxOutputTokens: 16,
  });
  const countsTokens = context.inputTokens > 0;
  if (!countsTokens) {
    findings.push(`${model.model} does not count tokens: they are estimated, and a cut context would not be noticed`);
    return { honoursSchema, countsTokens, contextTokens, findings };
  }
  // A word of plain English is about one token, so that the prompt can't be counted much below two thirds of the estimate unless it was cut.
  const least = Math.floor(estimateTokens(prompt) * 0.5);
  if (context.inputTokens >= least) return { honoursSchema, countsTokens, contextTokens, findings };
  if (context.inputTokens < leastContextTokens * 0.9) {
    throw new ModelError(
      'bad-request',
      `${model.model} was sent about ${estimateTokens(prompt)} tokens and saw ${context.inputTokens}: its context is cut silently, too short to work with. Raise the context size of the model server`,
    );
  }
  findings.push(`${model.model} cuts its context silently at ${context.inputTokens} tokens: prompts are kept below that`);
  return { honoursSchema, countsTokens, contextTokens: context.inputTokens, findings };
}

function matchesAnswer(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    return (
      typeof parsed === 'object' &&
      parsed !== null &&
      'colour' in parsed &&
      (answerSchema.properties.colour.enum as readonly unknown[]).includes(parsed.colour) &&
      'count' in parsed &&
      Number.isInteger(parsed.count)
    );
  } catch {
    return false;
  }
}
