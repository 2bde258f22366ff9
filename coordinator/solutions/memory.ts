// What became of earlier changes, remembered by fingerprint: what fixed a problem is offered when it or its like returns, and what didn't is said.
// Must never offer a guess as a fix: each remedy carries the verdict that it got.
import type { FingerprintPart } from '../../analysis/entry.ts';
import type { Incident } from '../incidents/incident.ts';
import { isUnfinished } from './proposal-states.ts';
import type { Evidence, ProposalStore, SolutionProposal } from './proposal.ts';

export type RemedyVerdict = 'fixed' | 'not-fixed' | 'declined';

export interface Remedy {
  /** Of the solution. */
  readonly id: string;
  readonly fingerprint: string;
  readonly service: string;
  readonly parts: readonly FingerprintPart[];
  readonly verdict: RemedyVerdict;
  readonly decidedAtMs: number;
  readonly title: string;
  readonly rootCause: string;
  readonly diff: string;
  readonly url: string;
  /** Why that verdict, in words. */
  readonly reason: string;
}

export interface RemedyStore {
  /** One a solution; the latest verdict holds. */
  save(remedy: Remedy): Promise<void>;
  /** Of this fingerprint anywhere, and the latest of the service. */
  find(fingerprint: string, service: string, limit: number): Promise<readonly Remedy[]>;
}

/** What the groundwork adds to the evidence. */
export type Reminder = Omit<Evidence, 'id'>;

const looked = 200;
const mostOffered = 3;
const longestDiff = 4000;
/** Of the parts of both fingerprints together. */
const leastAlike = 0.6;

export function remedyOf(proposal: SolutionProposal, incident: Incident, verdict: RemedyVerdict, nowMs: number): Remedy {
  return {
    id: proposal.id,
    fingerprint: incident.fingerprint.value,
    service: incident.service,
    parts: incident.fingerprint.parts,
    verdict,
    decidedAtMs: nowMs,
    title: proposal.diagnosis?.summary ?? incident.title,
    rootCause: proposal.diagnosis?.rootCause ?? '',
    diff: proposal.diff.slice(0, longestDiff),
    url: proposal.delivery?.url ?? '',
    reason: proposal.stateReason,
  };
}

/** In words: the same problem's first, then what is most alike, the latest before older ones. */
export async function recall(store: Pick<RemedyStore, 'find'>, incident: Incident): Promise<readonly Reminder[]> {
  return (await remembered(store, incident)).slice(0, mostOffered).map(({ remedy, alike }) => tell(remedy, alike));
}

/** `alike` is 1 for the very problem. */
export async function remembered(
  store: Pick<RemedyStore, 'find'>,
  incident: Incident,
): Promise<readonly { readonly remedy: Remedy; readonly alike: number }[]> {
  const { fingerprint, service } = incident;
  const found = await store.find(fingerprint.value, service, looked);
  return found
    .map((remedy) => ({ remedy, alike: likeness(remedy, incident) }))
    .filter(({ alike }) => alike >= leastAlike)
    .toSorted((left, right) => right.alike - left.alike || right.remedy.decidedAtMs - left.remedy.decidedAtMs);
}

function likeness(remedy: Remedy, { fingerprint }: Incident): number {
  if (remedy.fingerprint === fingerprint.value) return 1;
  const keys = (parts: readonly FingerprintPart[]): Set<string> => new Set(parts.map(({ kind, value }) => `${kind}\0${value}`));
  const [mine, theirs] = [keys(fingerprint.parts), keys(remedy.parts)];
  const all = mine.union(theirs).size;
  return all === 0 ? 0 : mine.intersection(theirs).size / all;
}

const words: Readonly<Record<RemedyVerdict, string>> = {
  fixed: 'fixed',
  'not-fixed': 'did not fix',
  declined: 'was proposed for, and a person said no to,',
};

function tell({ verdict, title, url, decidedAtMs, rootCause, reason, diff }: Remedy, alike: number): Reminder {
  const what = alike === 1 ? 'this problem before' : 'a problem like it';
  return {
    kind: 'fact',
    title: `A change that ${words[verdict]} ${what}: ${title}${url === '' ? '' : ` (${url})`}`,
    body: [rootCause, reason, diff].filter((part) => part !== '').join('\n\n'),
    timeMs: decidedAtMs,
    nodeId: undefined,
  };
}

/** For the groundwork of an incident: what reviewers of the one under way want, and what is remembered. */
export function createReminder(
  proposals: Pick<ProposalStore, 'list'>,
  remedies: Pick<RemedyStore, 'find'>,
): (incident: Incident) => Promise<readonly Reminder[]> {
  return async (incident) => {
    const known = await proposals.list({ incidentId: incident.id, states: [], limit: 20, after: undefined });
    const underWay = known.find(({ state }) => isUnfinished(state));
    return [...(underWay === undefined ? [] : feedbackOf(underWay)), ...(await recall(remedies, incident))];
  };
}

/** What reviewers want different, with the change that they looked at. */
function feedbackOf({ feedback }: SolutionProposal): readonly Reminder[] {
  if (feedback === undefined) return [];
  const reviewed: Reminder = {
    kind: 'fact',
    title: 'The change under review; write it anew with what its reviewers ask for, where that is right',
    body: feedback.diff,
    timeMs: undefined,
    nodeId: undefined,
  };
  const comments = feedback.comments.map(({ author, body, path, line }): Reminder => ({
    kind: 'fact',
    title: `Review comment of ${author}${path === undefined ? '' : ` on ${path}${line === undefined ? '' : `:${String(line)}`}`}`,
    body,
    timeMs: undefined,
    nodeId: undefined,
  }));
  return [reviewed, ...comments];
}
