// What is known of a change request as it begins to be followed, and whoever carries the consequences on the incident.
// Must never look at a remote.
import type { DeploymentStore } from '../../incidents/deployment.ts';
import type { ExposureStore } from '../../incidents/exposure.ts';
import type { Incident, IncidentReader } from '../../incidents/incident.ts';
import type { RecurrenceOptions } from '../../incidents/recurrence.ts';
import type { Remote } from '../../remote/remote.ts';
import type { Repository, RepositoryService, RepositoryStore } from '../../repository/repository.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import type { JobQueue } from '../job-queue.ts';
import type { RemedyStore } from '../memory.ts';
import type { FollowUp, ProposalStore, SolutionProposal } from '../proposal.ts';
import type { ProposalEvents } from '../proposal-events.ts';

/** What a fix does to its incident; the tracker is it. */
export interface FixDesk {
  recordFix(
    incidentId: string,
    change: { readonly fixId: string | undefined; readonly event?: 'resolve' | 'reopen' | 'occurrence'; readonly note?: string },
  ): Promise<Incident | undefined>;
}

export interface FollowParts {
  readonly proposals: ProposalStore;
  readonly incidents: IncidentReader;
  readonly repositories: RepositoryStore;
  readonly repositoryService: RepositoryService;
  readonly remoteOf: (repository: Repository) => Remote;
  readonly deployments: Pick<DeploymentStore, 'list'>;
  readonly exposures: Pick<ExposureStore, 'read'>;
  readonly desk: FixDesk;
  readonly remedies: Pick<RemedyStore, 'save'>;
  /** Whether a model is at hand that could do what a reviewer asks. */
  readonly canRevise: () => boolean;
  readonly jobs: JobQueue;
  readonly events: ProposalEvents;
  readonly recurrence: RecurrenceOptions;
  readonly onVerdict: (verdict: 'fixed' | 'not-fixed' | 'regressed') => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One change request with what belongs to it. */
export interface Followed {
  readonly proposal: SolutionProposal;
  readonly incident: Incident;
  readonly repository: Repository;
}

export const noFollowUp: FollowUp = {
  lookedAtMs: 0,
  checks: '',
  problem: '',
  writtenBody: '',
  toldOccurrences: 0,
  answered: [],
  rounds: 0,
  mergeCommit: undefined,
  mergedAtMs: undefined,
  verdict: undefined,
  decidedAtMs: undefined,
};

export function followUpOf(proposal: SolutionProposal): FollowUp {
  return proposal.followUp ?? noFollowUp;
}

export function withFollowUp(proposal: SolutionProposal, change: Partial<FollowUp>): SolutionProposal {
  return { ...proposal, followUp: { ...followUpOf(proposal), ...change } };
}
