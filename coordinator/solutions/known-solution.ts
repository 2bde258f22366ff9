// A proposal with what it is about, as a job that goes on with one needs it.
// Must never make one.
import { HephaestusError } from '../../base/errors.ts';
import type { Incident, IncidentReader } from '../incidents/incident.ts';
import type { Repository, RepositoryStore } from '../repository/repository.ts';
import type { ProposalStore, SolutionProposal } from './proposal.ts';

export interface KnownSolution {
  readonly proposal: SolutionProposal;
  readonly incident: Incident;
  readonly repository: Repository;
}

/** @throws HephaestusError `proposal.not-found` that says what is gone. */
export async function loadSolution(
  from: { readonly proposals: ProposalStore; readonly incidents: IncidentReader; readonly repositories: RepositoryStore },
  id: string,
): Promise<KnownSolution> {
  const proposal = await from.proposals.get(id);
  const incident = proposal === undefined ? undefined : await from.incidents.getIncident(proposal.incidentId);
  const repository = proposal?.repositoryId === undefined ? undefined : await from.repositories.get(proposal.repositoryId);
  if (proposal === undefined || incident === undefined || repository === undefined) {
    const what = proposal === undefined ? 'solution' : incident === undefined ? 'incident of solution' : 'repository of solution';
    throw new HephaestusError({ code: 'proposal.not-found', kind: 'validation', message: `the ${what} ${id} is gone` });
  }
  return { proposal, incident, repository };
}
