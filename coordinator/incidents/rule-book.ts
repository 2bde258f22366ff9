// The threshold rules in force: those of the configuration file and those that operators added.
// Must never count; it tells the counters what to count.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { RuleCounters } from './rule-counters.ts';
import { linearPatternProblem, thresholdRuleSchema, type KeptRule, type RuleStore, type ThresholdRule } from './threshold-rule.ts';

export interface RuleBookOptions {
  readonly store: RuleStore;
  readonly counters: RuleCounters;
  /** Of the configuration file. */
  readonly fromFile: readonly ThresholdRule[];
  readonly clock: Clock;
  readonly logger: Logger;
}

const mostRules = 200;

export class RuleBook {
  readonly #options: RuleBookOptions;
  #rules: readonly KeptRule[] = [];

  constructor(options: RuleBookOptions) {
    this.#options = options;
  }

  /** By name. */
  get rules(): readonly KeptRule[] {
    return this.#rules;
  }

  /** Reads what is kept and puts it into force; a rule of the file hides an added one of its name. */
  async load(): Promise<void> {
    const { store, counters, fromFile } = this.#options;
    const added = (await store.list()).filter(({ rule }) => fromFile.every(({ name }) => name !== rule.name));
    const all = [...fromFile.map((rule) => ({ rule, origin: 'file' })), ...added];
    this.#rules = all.toSorted((left, right) => (left.rule.name < right.rule.name ? -1 : 1));
    counters.replace(this.#rules.map(({ rule }) => rule));
  }

  /** @param wanted as it came from outside. @throws HephaestusError `rule.invalid` with every mistake, `rule.exists` */
  async add(wanted: unknown, origin: string): Promise<KeptRule> {
    const parsed = thresholdRuleSchema.safeParse(wanted);
    const details = parsed.success ? [] : parsed.error.issues.map(({ path, message }) => ({ path: `rule.${path.join('.')}`, message }));
    const badPattern = parsed.success ? linearPatternProblem(parsed.data.pattern) : undefined;
    if (badPattern !== undefined) details.push({ path: 'rule.pattern', message: badPattern });
    if (!parsed.success || details.length > 0) {
      const message = details.map((detail) => `${detail.path} ${detail.message}`).join('; ');
      throw new HephaestusError({ code: 'rule.invalid', kind: 'validation', message, details });
    }
    const { store, clock, logger } = this.#options;
    const kept = { rule: parsed.data, origin };
    if (this.#rules.length >= mostRules) throw refusal('rule.too-many', `there are ${mostRules} rules already; remove some first`);
    const isTaken = this.#rules.some(({ rule }) => rule.name === kept.rule.name);
    if (isTaken || !(await store.add(kept, clock.now())))
      throw refusal('rule.exists', `there is a rule ${kept.rule.name} already; remove it first, or choose another name`);
    await this.load();
    logger.info('rule added', { rule: kept.rule.name, origin });
    return kept;
  }

  /** @throws HephaestusError `rule.not-found`, `rule.of-file` */
  async remove(name: string): Promise<void> {
    const kept = this.#rules.find(({ rule }) => rule.name === name);
    if (kept?.origin === 'file')
      throw refusal('rule.of-file', `rule ${name} is in the coordinator's configuration file; take it out under detection.rules there`);
    if (!(await this.#options.store.remove(name)))
      throw refusal('rule.not-found', `there is no rule ${name}; list them with: hephaestusctl rules list`);
    await this.load();
    this.#options.logger.info('rule removed', { rule: name });
  }
}

function refusal(code: string, message: string): HephaestusError {
  return new HephaestusError({ code, kind: 'validation', message });
}
