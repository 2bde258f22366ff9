// A text model outside the house: what it is sent is redacted once more, more strictly than on the nodes.
// Must never send what looks like a key, a person or a host, whoever wrote it, or put values into an answer that isn't an edit.
import { randomBytes } from 'node:crypto';
import { findPersonalData } from '../../analysis/redaction/personal-data.ts';
import { findRandomValues } from '../../analysis/redaction/random-values.ts';
import { Redaction } from '../../analysis/redaction/redaction.ts';
import type { Completion, TextModel, Turn } from './model.ts';

/**
 * Credentials, personal data and whatever looks drawn at random become tokens, in instructions and turns alike. An edit has to
 * quote code as it stands, so that in answers without a schema tokens become again what they stood for; a diagnosis keeps them.
 */
export function redactWhatLeaves(model: TextModel): TextModel {
  // A key of this process: tokens are equal within its conversations, and tell a provider nothing across restarts.
  const redaction = new Redaction({ key: randomBytes(32), passes: [findPersonalData, findRandomValues], allow: [] });
  return {
    provider: model.provider,
    model: model.model,
    async complete(request) {
      const values = new Map<string, string>();
      const redact = (text: string): string => {
        const redacted = redaction.redactText(text);
        for (const [token, value] of redacted.values) values.set(token, value);
        return redacted.text;
      };
      const system = redact(request.system);
      const turns = request.turns.map((turn) => redactTurn(turn, redact));
      const completion = await model.complete({ ...request, system, turns });
      return request.schema === undefined ? restore(completion, values) : completion;
    },
    probe: (signal) => model.probe(signal),
  };
}

function redactTurn(turn: Turn, redact: (text: string) => string): Turn {
  const content = redact(turn.content);
  if (turn.role !== 'assistant' || turn.calls === undefined) return { ...turn, content };
  return { ...turn, content, calls: turn.calls.map((call) => ({ ...call, input: mapTexts(call.input, redact) })) };
}

function restore(completion: Completion, values: ReadonlyMap<string, string>): Completion {
  if (values.size === 0) return completion;
  const restored = (text: string): string =>
    text.replaceAll(/‹(?:secret|personal):[a-z0-9-]+:[0-9a-f]{8}›/g, (token) => values.get(token) ?? token);
  const calls = completion.calls?.map((call) => ({ ...call, input: mapTexts(call.input, restored) }));
  return { ...completion, text: restored(completion.text), calls };
}

/** The same value with every text in it mapped; what is nested deeper than calls are is dropped. */
function mapTexts(value: unknown, map: (text: string) => string, depth = 0): unknown {
  if (typeof value === 'string') return map(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 8) return undefined;
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map, depth + 1)]));
}
