// Notices messages that a service never wrote before, once it was watched long enough to know what it writes.
// Must never alert on every line of a new release: a few an hour for each service, the rest is counted.
import { fingerprintOfCondition } from '../../analysis/fingerprint.ts';
import { isAtLeast, type Severity } from '../../analysis/severity.ts';
import { problemOfCondition } from './condition.ts';
import type { Candidate, Problem } from './detector.ts';

export interface NoveltyOptions {
  readonly enabled: boolean;
  /** Milliseconds since the first line of a service. */
  readonly learning: number;
  /** After that, only recorded. */
  readonly shadow: number;
  readonly minimumSeverity: Severity;
  /** Of one service. */
  readonly mostAnHour: number;
}

export type NoveltySnapshot = readonly (readonly [service: string, sinceMs: number, templates: readonly string[]])[];

interface Known {
  sinceMs: number;
  readonly templates: Set<string>;
  /** When the last new ones came. */
  recent: number[];
  untold: number;
}

const maxServices = 2000;
const maxTemplates = 5000;
const hourMs = 3_600_000;

export class NoveltyWatch {
  readonly #options: NoveltyOptions;
  readonly #services = new Map<string, Known>();

  constructor(options: NoveltyOptions) {
    this.#options = options;
  }

  /** @param isProblem it is an incident of its own already; it is learnt all the same */
  observe(candidate: Candidate, isProblem: boolean): Problem | undefined {
    const { service, templateId, receivedAtMs, severity } = candidate;
    const { enabled, learning, shadow, minimumSeverity, mostAnHour } = this.#options;
    if (!enabled) return undefined;
    let known = this.#services.get(service);
    if (known === undefined) {
      if (this.#services.size >= maxServices) return undefined;
      this.#services.set(service, (known = { sinceMs: receivedAtMs, templates: new Set(), recent: [], untold: 0 }));
    }
    if (known.templates.has(templateId)) return undefined;
    // A service whose messages can't be told apart always has something new to say.
    if (known.templates.size >= maxTemplates) return undefined;
    known.templates.add(templateId);
    const ageMs = receivedAtMs - known.sinceMs;
    if (isProblem || ageMs < learning || !isAtLeast(severity, minimumSeverity)) return undefined;
    known.recent = known.recent.filter((timeMs) => timeMs > receivedAtMs - hourMs);
    if (known.recent.length >= mostAnHour) {
      known.untold++;
      return undefined;
    }
    known.recent.push(receivedAtMs);
    const untold = known.untold === 0 ? '' : `\n${known.untold} further new messages came since the last one that was told of.`;
    known.untold = 0;
    return problemOf(candidate, untold, ageMs < learning + shadow);
  }

  snapshot(): NoveltySnapshot {
    return Array.from(this.#services, ([service, { sinceMs, templates }]) => [service, sinceMs, [...templates]]);
  }

  restore(snapshot: NoveltySnapshot): void {
    this.#services.clear();
    for (const [service, sinceMs, templates] of snapshot)
      this.#services.set(service, { sinceMs, templates: new Set(templates), recent: [], untold: 0 });
  }
}

function problemOf(candidate: Candidate, more: string, isShadow: boolean): Problem {
  const { service, templateId, templateText, nodeId, source, severity, timeMs, raw } = candidate;
  return problemOfCondition({
    detector: 'new-template',
    fingerprint: fingerprintOfCondition([
      { kind: 'condition', value: 'new message' },
      { kind: 'template', value: templateId },
      { kind: 'service', value: service },
    ]),
    nodeId,
    source,
    service,
    severity,
    timeMs,
    title: `${service} writes what it never wrote before: ${templateText}`,
    message: `${raw}${more}`,
    before: [],
    quiet: isShadow ? 'shadow' : undefined,
    mayPropose: false,
  });
}
