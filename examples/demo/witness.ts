// Watches the coordinator as an operator would and tells what changed: node, incident, proposal, proof, delivery.
// Must never steer anything; it only looks, and looks again when the coordinator was away.
import { setTimeout as delay } from 'node:timers/promises';
import type { OperatorConnection } from '../../coordinator/cli/client.ts';
import { duration, durationMs, enumLabel, percent, safe, safeLine } from '../../coordinator/cli/presentation.ts';
import { diffColour } from '../../coordinator/cli/diff-colour.ts';
import type { Story } from './story.ts';

type NodeView = Awaited<ReturnType<OperatorConnection['nodes']['listNodes']>>['nodes'][number];
type IncidentView = Awaited<ReturnType<OperatorConnection['incidents']['listIncidents']>>['incidents'][number];
export type SolutionView = NonNullable<Awaited<ReturnType<OperatorConnection['solutions']['getSolution']>>['solution']>;

export interface Sighting {
  readonly incident: IncidentView;
  readonly solution: SolutionView;
  /** Unix milliseconds, by this process's clock. */
  readonly incidentSeenAtMs: number;
  readonly proposalSeenAtMs: number | undefined;
}

const lookEveryMs = 150;

/** States in which a proposal has come to its end. */
const finalStates = new Set(['published', 'diagnosed', 'failed', 'rejected', 'awaiting-approval']);

export class Witness {
  readonly #connection: OperatorConnection;
  readonly #story: Story;
  /** What was told already. */
  readonly #told = new Set<string>();
  #incidentSeenAtMs: number | undefined;
  #proposalSeenAtMs: number | undefined;
  #diffSeen = '';

  constructor(connection: OperatorConnection, story: Story) {
    this.#connection = connection;
    this.#story = story;
  }

  async untilNodeJoined(signal: AbortSignal): Promise<void> {
    await this.#until(signal, async () => {
      const { nodes } = await this.#connection.nodes.listNodes({}, { signal });
      const node = nodes.find((each) => ['operational', 'processing', 'degraded'].includes(nodeStatus(each)));
      if (node === undefined) return undefined;
      this.#once('node', '✓', `node ${safeLine(node.name)} joined over mutual TLS, and is ${nodeStatus(node)}`);
      return true;
    });
  }

  /** Waits until the first incident's proposal has come to its end. */
  async untilSolved(signal: AbortSignal): Promise<Sighting> {
    return this.#until(signal, async () => {
      const { incidents } = await this.#connection.incidents.listIncidents({}, { signal });
      const incident = incidents.at(-1);
      if (incident === undefined) return undefined;
      this.#incidentSeenAtMs ??= Date.now();
      this.#once('incident', '✓', `incident ${incident.id}: ${safeLine(incident.title)}`);
      this.#once(
        'incident-parts',
        '•',
        `one problem by ${incident.fingerprintParts.map((part) => safeLine(`${part.kind} ${part.value}`)).join(', ')}`,
      );
      const { solutions } = await this.#connection.solutions.listSolutions({ incidentId: incident.id }, { signal });
      const newest = solutions[0];
      if (newest === undefined) return undefined;
      const { solution } = await this.#connection.solutions.getSolution({ id: newest.id }, { signal });
      if (solution === undefined) return undefined;
      this.#tell(solution);
      if (!finalStates.has(solutionState(solution))) return undefined;
      return { incident, solution, incidentSeenAtMs: this.#incidentSeenAtMs, proposalSeenAtMs: this.#proposalSeenAtMs };
    });
  }

  #tell(solution: SolutionView): void {
    const [place] = solution.locations;
    if (place !== undefined) {
      const where = `${place.path}${place.line === 0 ? '' : `:${place.line}`}${place.function === '' ? '' : ` in ${place.function}`}`;
      this.#once('location', '✓', `code found: ${safeLine(where)} (${safeLine(place.reasons.join('; '))})`);
    }
    const [suspect] = solution.suspectCommits;
    if (suspect !== undefined) {
      this.#once(
        'suspect',
        '✓',
        `suspect commit: ${suspect.commit.slice(0, 10)} “${safeLine(suspect.subject)}” (${safeLine(suspect.reasons.slice(-3).join('; '))})`,
      );
    }
    const state = solutionState(solution);
    if (!finalStates.has(state) && solution.stateReason !== '')
      this.#once(`state ${state} ${solution.stateReason}`, '•', safeLine(`${state}: ${solution.stateReason}`));
    if (solution.diff !== '') {
      // Each candidate that goes on trial shows its diff; the last one is the proposal.
      if (this.#diffSeen !== solution.diff) this.#proposalSeenAtMs = Date.now();
      this.#diffSeen = solution.diff;
      const by = [solution.provider, solution.model].filter((part) => part !== '').join(' ');
      this.#once(`proposal ${solution.diff}`, '✓', `proposal by ${by}: ${safeLine(solution.diagnosis?.rootCause ?? '')}`);
    }
    const rungs = solution.validation?.rungs ?? [];
    for (const rung of rungs) {
      const outcome = enumLabel(rung.outcome, 'RUNG_OUTCOME');
      const name = enumLabel(rung.rung, 'RUNG');
      const mark = outcome === 'passed' ? '✓' : outcome === 'failed' ? '✗' : '–';
      const detail = outcome === 'passed' ? rung.command.replace(process.execPath, 'node') : safeLine(rung.output).slice(0, 160);
      this.#once(
        `rung ${solution.id} ${solution.diff} ${name} ${outcome}`,
        mark,
        `proof: ${name.padEnd(10)} ${outcome} in ${duration(durationMs(rung.duration) ?? 0)}  ${safeLine(detail)}`.trimEnd(),
      );
    }
    if (finalStates.has(state) && state !== 'published') {
      this.#once(`end ${solution.id}`, '!', `proposal ${state}: ${safeLine(solution.stateReason)}`);
    }
    if (state === 'published') {
      const delivery = solution.changeRequest;
      this.#once(
        'published',
        '✓',
        `${delivery?.kind ?? 'change request'}: branch ${delivery?.branch ?? ''} at ${delivery?.commit.slice(0, 10) ?? ''} (confidence ${percent(solution.confidence)})`,
      );
      if (!this.#told.has('diff')) {
        this.#told.add('diff');
        this.#story.quote(safe(solution.diff), diffColour);
      }
    }
  }

  #once(key: string, mark: Parameters<Story['step']>[0], text: string): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#story.step(mark, text);
  }

  /** Looks until there is an answer; a coordinator that is away is looked for again. */
  async #until<Answer>(signal: AbortSignal, look: () => Promise<Answer | undefined>): Promise<Answer> {
    for (;;) {
      signal.throwIfAborted();
      const answer = await look().catch((error: unknown) => {
        signal.throwIfAborted();
        if (!isAway(error)) throw error;
        return undefined;
      });
      if (answer !== undefined) return answer;
      await delay(lookEveryMs, undefined, { signal });
    }
  }
}

export function solutionState(solution: SolutionView): string {
  return enumLabel(solution.state, 'SOLUTION_STATE');
}

function nodeStatus(node: NodeView): string {
  return enumLabel(node.status, 'NODE_STATUS');
}

/** UNAVAILABLE (14), DEADLINE_EXCEEDED (4), and what a server says while it goes down: CANCELLED (1), INTERNAL (13). */
function isAway(error: unknown): boolean {
  return error instanceof Error && 'code' in error && [1, 4, 13, 14].includes(Number(error.code));
}
