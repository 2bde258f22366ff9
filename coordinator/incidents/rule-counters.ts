// Counts what threshold rules ask for, and says when one is met.
// Must never hold more than a fixed number of counters a rule: what exceeds them is counted together.
import { fingerprintOfCondition } from '../../analysis/fingerprint.ts';
import type { FingerprintPart } from '../../analysis/entry.ts';
import { isAtLeast } from '../../analysis/severity.ts';
import { compileLinearPattern, type LinearPattern } from '../../base/linear-pattern.ts';
import { problemOfCondition } from './condition.ts';
import type { Candidate, Problem } from './detector.ts';
import type { ThresholdRule } from './threshold-rule.ts';

/** Parts of a window that are counted apart: an entry counts for at most a sixtieth longer than the window. */
const slots = 60;
const mostGroups = 1000;

class SlidingCount {
  readonly #counts = new Uint32Array(slots);
  readonly #slotMs: number;
  /** The latest slot, counted from 1970. */
  #latest = 0;
  #total = 0;

  constructor(windowMs: number) {
    this.#slotMs = windowMs / slots;
  }

  /** @returns how many came within the window that ends at the latest of them */
  add(timeMs: number, count: number): number {
    const slot = Math.floor(timeMs / this.#slotMs);
    if (slot <= this.#latest - slots) return this.#total;
    if (slot > this.#latest) {
      const passed = Math.min(slots, slot - this.#latest);
      for (let index = 1; index <= passed; index++) this.#clear((this.#latest + index) % slots);
      this.#latest = slot;
      if (passed === slots) this.reset();
    }
    this.#counts[slot % slots] = (this.#counts[slot % slots] ?? 0) + count;
    this.#total += count;
    return this.#total;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  #clear(index: number): void {
    this.#total -= this.#counts[index] ?? 0;
    this.#counts[index] = 0;
  }
}

interface Counter {
  readonly rule: ThresholdRule;
  readonly pattern: LinearPattern | undefined;
  readonly groups: Map<string, SlidingCount>;
}

export class RuleCounters {
  #counters: readonly Counter[] = [];

  /** Rules that stay the same go on counting. */
  replace(rules: readonly ThresholdRule[]): void {
    const before = new Map(this.#counters.map((counter) => [JSON.stringify(counter.rule), counter]));
    this.#counters = rules.map((rule) => {
      const pattern = rule.pattern === '' ? undefined : compileLinearPattern(rule.pattern);
      return before.get(JSON.stringify(rule)) ?? { rule, pattern, groups: new Map<string, SlidingCount>() };
    });
  }

  /**
   * Counts an entry, or `count` like it. Once a rule is met it counts from the beginning, so that what goes on is an occurrence for each window's worth.
   * @param before the lines of the same source just before it
   */
  observe(candidate: Candidate, before: () => readonly string[], count = 1): readonly Problem[] {
    const met: Problem[] = [];
    for (const counter of this.#counters) {
      if (!matches(counter, candidate)) continue;
      const { rule, groups } = counter;
      const group = groupOf(rule, candidate);
      let sliding = groups.get(group);
      if (sliding === undefined) {
        if (groups.size >= mostGroups) groups.clear();
        groups.set(group, (sliding = new SlidingCount(rule.window)));
      }
      const total = sliding.add(candidate.timeMs, count);
      if (total < rule.count) continue;
      sliding.reset();
      met.push(problemOf(rule, candidate, total, before()));
    }
    return met;
  }
}

function matches({ rule, pattern }: Counter, { severity, service, source, message }: Candidate): boolean {
  return (
    (rule.level === undefined || isAtLeast(severity, rule.level)) &&
    (rule.service === '' || rule.service === service) &&
    (rule.source === '' || rule.source === source) &&
    (pattern === undefined || pattern.test(message))
  );
}

function groupOf(rule: ThresholdRule, candidate: Candidate): string {
  return rule.per === 'all' ? '' : rule.per === 'node' ? candidate.nodeId : candidate.service;
}

function problemOf(rule: ThresholdRule, candidate: Candidate, total: number, before: readonly string[]): Problem {
  const parts: FingerprintPart[] = [{ kind: 'condition', value: `rule ${rule.name}` }];
  if (rule.per === 'service') parts.push({ kind: 'service', value: candidate.service });
  if (rule.per === 'node') parts.push({ kind: 'node', value: candidate.nodeId });
  const what = [
    rule.level === undefined ? 'entries' : `entries of level ${rule.level} or worse`,
    ...(rule.pattern === '' ? [] : [`that match ${rule.pattern}`]),
    ...(rule.source === '' ? [] : [`in ${rule.source}`]),
  ].join(' ');
  const title = `rule ${rule.name}: ${total} ${what} within ${duration(rule.window)}`;
  return problemOfCondition({
    detector: 'rule',
    fingerprint: fingerprintOfCondition(parts),
    nodeId: candidate.nodeId,
    source: candidate.source,
    service: rule.per === 'all' && rule.service === '' ? '' : candidate.service,
    severity: rule.severity,
    timeMs: candidate.timeMs,
    title,
    message: `${title}; the last one: ${candidate.message}`,
    before,
    quiet: rule.shadow ? 'shadow' : undefined,
    mayPropose: true,
  });
}

function duration(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000}m` : `${ms / 1000}s`;
}
