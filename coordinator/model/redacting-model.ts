// A text model outside the house: what it is sent is redacted once more, more strictly than on the nodes.
// Must never send what looks like a key, a person or a host, whoever wrote it, or put values into an answer that isn't an edit.
import { randomBytes } from 'node:crypto';
import { findPersonalData } from '../../analysis/redaction/personal-data.ts';
import { findRandomValues } from '../../analysis/redaction/random-values.ts';
import { Redaction } from '../../analysis/redaction/redaction.ts';
import type { Completion, TextModel } from './model.ts';

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
      const turns = request.turns.map((turn) => ({ ...turn, content: redact(turn.content) }));
      const completion = await model.complete({ ...request, system, turns });
      return request.schema === undefined ? restore(completion, values) : completion;
    },
    probe: (signal) => model.probe(signal),
  };
}

function restore(completion: Completion, values: ReadonlyMap<string, string>): Completion {
  if (values.size === 0) return completion;
  return {
    ...completion,
    text: completion.text.replaceAll(/‹(?:secret|personal):[a-z0-9-]+:[0-9a-f]{8}›/g, (token) => values.get(token) ?? token),
  };
}

/** A model on this machine is nobody else's. @param baseUrl as configured */
export function isOnThisMachine(baseUrl: string): boolean {
  if (!URL.canParse(baseUrl)) return false;
  const { hostname } = new URL(baseUrl);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
