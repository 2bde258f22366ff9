// A JSON schema told in words, for servers that can't force an answer into one.
// Must never be the only check: the caller parses what comes back.
import type { JsonSchema } from './model.ts';

export function describeSchema(schema: JsonSchema): string {
  return `Answer with one JSON object and nothing else: no prose, no code fence. It has to match this JSON Schema:\n${JSON.stringify(schema)}`;
}
