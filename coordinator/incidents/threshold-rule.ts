// What a threshold rule says: so many entries that match, within a window, are an incident.
// Must never count; rule-counters.ts does.
import { z } from 'zod';
import { severities } from '../../analysis/severity.ts';
import { HephaestusError } from '../../base/errors.ts';
import { compileLinearPattern } from '../../base/linear-pattern.ts';
import { durationSchema as duration } from '../../base/quantities.ts';

const shortestWindowMs = 1000;
const longestWindowMs = 7 * 86_400_000;

export const thresholdRuleSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'must be lower-case letters, digits and dashes, at most 64'),
  /** Entries at least so severe; absent: any. */
  level: z.enum(severities).optional(),
  count: z.number().int().min(1).max(1_000_000_000),
  window: duration.refine((ms) => ms >= shortestWindowMs && ms <= longestWindowMs, 'must be between 1s and 7d'),
  service: z.string().max(200).default(''),
  source: z.string().max(200).default(''),
  /** Linear-time (RE2) pattern on the message; empty: any. */
  pattern: z.string().max(2000).default(''),
  /** What is counted apart. */
  per: z.enum(['service', 'node', 'all']).default('service'),
  /** Of the incident. */
  severity: z.enum(severities).default('error'),
  /** On trial: recorded, and nobody is alerted. */
  shadow: z.boolean().default(false),
});

export type ThresholdRule = z.output<typeof thresholdRuleSchema>;

/** A rule and where it comes from: the configuration file, or whoever added it. */
export interface KeptRule {
  readonly rule: ThresholdRule;
  /** `file`, or an operator's name. */
  readonly origin: string;
}

export interface RuleStore {
  list(): Promise<readonly KeptRule[]>;
  /** False if there is one of that name. */
  add(kept: KeptRule, nowMs: number): Promise<boolean>;
  /** False if there is none. */
  remove(name: string): Promise<boolean>;
}

/** What is wrong with a pattern, or undefined. */
export function linearPatternProblem(pattern: string): string | undefined {
  if (pattern === '') return undefined;
  try {
    compileLinearPattern(pattern);
    return undefined;
  } catch (error) {
    return HephaestusError.from(error).message;
  }
}
