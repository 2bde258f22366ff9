// The `detection:` section of the coordinator's configuration.
// Must never need a setting for a program, a line or a data set: what is normal is learnt.
import { z } from 'zod';
import { severities } from '../../analysis/severity.ts';
import { durationSchema as duration } from '../../base/quantities.ts';
import { linearPatternProblem, thresholdRuleSchema } from './threshold-rule.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** What is learnt first, and then only recorded for a while (shadow), before anybody is alerted. */
const phases = (learningMs: number, shadowMs: number) => ({
  enabled: z.boolean().default(true),
  learning: duration.default(learningMs),
  shadow: duration.default(shadowMs),
});

export const detectionConfigurationSchema = z.strictObject({
  /** Rates: a service that writes a line far less or more often than it did, or something out of turn. */
  behaviour: z
    .strictObject({ ...phases(hourMs, hourMs), interval: duration.refine((ms) => ms >= 1000, 'must be at least 1s').default(3 * minuteMs) })
    .prefault({}),
  /** Messages that a service never wrote before. */
  newTemplates: z
    .strictObject({
      ...phases(dayMs, dayMs),
      minimumSeverity: z.enum(severities).default('warning'),
      /** Of one service; further ones are counted. */
      mostAnHour: z.number().int().min(1).max(1000).default(3),
    })
    .prefault({}),
  /** Sources that wrote regularly and stopped; and single lines that did. */
  silence: z.strictObject({ ...phases(hourMs, dayMs), shortest: duration.default(5 * minuteMs) }).prefault({}),
  /** Beyond the heartbeats that make a node inactive. */
  nodeDown: z.strictObject({ enabled: z.boolean().default(true), after: duration.default(minuteMs) }).prefault({}),
  /** An incident that comes back so often within this time is counted and nobody is alerted each time. */
  flapping: z.strictObject({ regressions: z.number().int().min(2).max(100).default(3), window: duration.default(dayMs) }).prefault({}),
  /** What begins so soon after one change, or after so many others, is related to the first of them. */
  related: z.strictObject({ window: duration.default(10 * minuteMs), stormIncidents: z.number().int().min(2).default(20) }).prefault({}),
  /** Incidents of one's own, beside those added with hephaestusctl rules add. */
  rules: z
    .array(thresholdRuleSchema)
    .default([])
    .superRefine((rules, context) => {
      for (const [index, rule] of rules.entries()) {
        if (rules.findIndex(({ name }) => name === rule.name) < index)
          context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is the name of another rule too; names are unique' });
        const problem = linearPatternProblem(rule.pattern);
        if (problem !== undefined) context.addIssue({ code: 'custom', path: [index, 'pattern'], message: problem });
      }
    }),
});

export type DetectionConfiguration = z.output<typeof detectionConfigurationSchema>;
