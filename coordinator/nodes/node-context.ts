// What an agent says of itself when it is asked for context: facts, vitals, health, sources, and the last records of one.
// Must never trust its form: an agent is a stranger.
import { z } from 'zod';
import { HephaestusError } from '../../base/errors.ts';
import type { CommandAnswer } from './node-questions.ts';

export interface NodeContext {
  readonly message: string;
  /** All but the records, as JSON. */
  readonly context: string;
  readonly lines: readonly string[];
}

/** The agent's own limit, for one source. */
export const mostContextLines = 1000;

const answerSchema = z.looseObject({ lines: z.array(z.string()).max(mostContextLines).optional() });

/** @throws HephaestusError `node.refused` with the agent's reason, `node.unreadable` */
export function readContext(answer: CommandAnswer): NodeContext {
  if (!answer.ok) throw new HephaestusError({ code: 'node.refused', kind: 'validation', message: answer.message });
  try {
    const { lines = [], ...rest } = answerSchema.parse(JSON.parse(Buffer.from(answer.payload).toString('utf8')));
    return { message: answer.message, context: JSON.stringify(rest), lines };
  } catch (cause) {
    const message = 'the agent answered with something that is no context; upgrade it to the version of the coordinator';
    throw new HephaestusError({ code: 'node.unreadable', kind: 'operational', retry: 'never', message, cause });
  }
}
