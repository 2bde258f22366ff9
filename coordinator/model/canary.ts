// Proves what a model server does with what it is sent: is the schema honoured, is the context cut, are tokens counted, are tools called?
// Must never trust a server's documentation: servers ignore options quietly.
import { randomInt } from 'node:crypto';
import { ModelError, estimateTokens, type TextModel } from './model.ts';
import { withoutThoughts } from './thinking.ts';

export interface CanaryReport {
  readonly honoursSchema: boolean;
  readonly countsTokens: boolean;
  readonly callsTools: boolean;
  /** The largest context that was proven, at most what was asked for. */
  readonly contextTokens: number;
  /** What is used in a weaker way, in words; empty if all is well. */
  readonly findings: readonly string[];
}

/** The context probe is no longer than this: evaluating a prompt on a CPU takes seconds for a thousand tokens. */
const mostProbeTokens = 6_000;
/** A context smaller than this can't hold an incident and its code. */
const leastContextTokens = 2_048;

const system = 'You answer test questions.';
const filler = 'The quick brown fox jumps over the lazy dog near the river bank. ';

const answerSchema = {
  type: 'object',
  properties: { colour: { type: 'string', enum: ['umber', 'cobalt', 'saffron'] }, count: { type: 'integer' } },
  required: ['colour', 'count'],
  additionalProperties: false,
} as const;

const canaryTool = {
  name: 'report_colour',
  description: 'Reports the colour of the paint.',
  parameters: { type: 'object', properties: { colour: { type: 'string' } }, required: ['colour'], additionalProperties: false },
};

/**
 * @param claimsTools also find out whether the model calls tools
 * @throws ModelError if the server can't be used at all
 */
export async function runCanary(model: TextModel, contextTokens: number, claimsTools: boolean, signal: AbortSignal): Promise<CanaryReport> {
  const findings: string[] = [];
  const honoursSchema = await tryAnswer(model, contextTokens, signal);
  if (!honoursSchema)
    findings.push(`${model.model} does not honour JSON schemas: they are described in words instead, and answers are checked`);
  const callsTools = claimsTools && (await tryTool(model, contextTokens, signal));
  if (claimsTools && !callsTools) findings.push(`${model.model} does not call tools: it is led through the fixed pipeline instead`);
  const context = await tryContext(model, contextTokens, Math.min(mostProbeTokens, Math.floor(contextTokens * 0.6)), signal);
  return {
    honoursSchema,
    callsTools,
    countsTokens: context.countsTokens,
    contextTokens: context.contextTokens,
    findings: [...findings, ...context.findings],
  };
}

/** The words ask for something else than the schema, so that only a server that forces the schema passes. */
async function tryAnswer(model: TextModel, contextTokens: number, signal: AbortSignal): Promise<boolean> {
  try {
    const { text } = await model.complete({
      system,
      turns: [{ role: 'user', content: 'Say the word "ready" in a friendly sentence.' }],
      schema: answerSchema,
      // A reasoning model thinks first, also where the schema is forced.
      maxOutputTokens: 1_024,
      contextTokens,
      temperature: 0,
      signal,
    });
    return matchesAnswer(withoutThoughts(text));
  } catch (error) {
    // A server that knows no schemas may say so; if it is something else, the next question tells.
    if (error instanceof ModelError && error.reason === 'bad-request') return false;
    throw error;
  }
}

async function tryTool(model: TextModel, contextTokens: number, signal: AbortSignal): Promise<boolean> {
  try {
    const { calls } = await model.complete({
      system,
      turns: [{ role: 'user', content: 'The paint is umber. Report its colour with the tool.' }],
      schema: undefined,
      tools: { definitions: [canaryTool], mayCall: true },
      maxOutputTokens: 512,
      contextTokens,
      temperature: 0,
      signal,
    });
    return (calls ?? []).some(({ name, input }) => name === canaryTool.name && /umber/i.test(JSON.stringify(input)));
  } catch (error) {
    // A server that knows no tools says so.
    if (error instanceof ModelError && error.reason === 'bad-request') return false;
    throw error;
  }
}

/** @param wanted tokens of the probe, about */
export async function tryContext(
  model: TextModel,
  contextTokens: number,
  wanted: number,
  signal: AbortSignal,
): Promise<Pick<CanaryReport, 'countsTokens' | 'contextTokens' | 'findings'>> {
  // What is cut is cut at the beginning; the number also keeps servers from answering out of a cache, where they count less.
  const number = String(randomInt(100_000, 999_999));
  const prompt = `The code number is ${number}.\n${filler.repeat(Math.ceil((wanted * 4.4) / filler.length))}`;
  const { text, inputTokens, isEstimated } = await model.complete({
    system,
    turns: [{ role: 'user', content: `${prompt}\nAnswer with the code number from the first line, nothing else.` }],
    schema: undefined,
    maxOutputTokens: 32,
    contextTokens,
    temperature: 0,
    signal,
  });
  if (isEstimated === true || inputTokens === 0) {
    const seen = text.includes(number);
    const reach = seen ? 'a probe of its context came through' : 'a cut context would not be noticed';
    return { countsTokens: false, contextTokens, findings: [`${model.model} does not count tokens: they are estimated, and ${reach}`] };
  }
  // A word of plain English is about one token, so that the prompt can't be counted much below two thirds of the estimate unless it was cut.
  if (inputTokens >= Math.floor(estimateTokens(prompt) * 0.5) || text.includes(number))
    return { countsTokens: true, contextTokens, findings: [] };
  if (inputTokens < leastContextTokens * 0.9) {
    throw new ModelError(
      'bad-request',
      `${model.model} was sent about ${estimateTokens(prompt)} tokens and saw ${inputTokens}: its context is cut silently, too short to work with. Raise the context size of the model server`,
    );
  }
  return {
    countsTokens: true,
    contextTokens: inputTokens,
    findings: [`${model.model} cuts its context silently at ${inputTokens} tokens: prompts are kept below that`],
  };
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
