// What of the fleet one operator sees: everything, or what its scope leaves.
// Must never decide who may act (auth.ts does); what is outside a view is answered as if it weren't there.
import { HephaestusError } from '../../base/errors.ts';
import { isWhole, wholeScope, type Scope } from '../access/operator.ts';
import type { Incident } from '../incidents/incident.ts';
import type { NodeManager } from '../nodes/node-manager.ts';
import type { Repository, RepositoryStore } from '../repository/repository.ts';
import type { SolutionProposal } from '../solutions/proposal.ts';
import { findRepository } from '../solutions/responsibility.ts';
import type { CallIdentity } from './call-identity.ts';

export interface View {
  readonly isWhole: boolean;
  seesNode(nodeId: string): boolean;
  /** Whether the repository that is responsible for a service is in scope. */
  seesService(service: string): boolean;
  seesRepository(repository: Pick<Repository, 'name'>): boolean;
  seesIncident(incident: Pick<Incident, 'service' | 'nodeIds'>): boolean;
  readonly seesEntry: (entry: { readonly nodeId: string; readonly service: string }) => boolean;
  /** A proposal of an incident that is seen, for a repository that is. */
  seesProposal(proposal: Pick<SolutionProposal, 'repositoryId'>, incident: Pick<Incident, 'service' | 'nodeIds'> | undefined): boolean;
}

export interface Views {
  of(context: { readonly identity: CallIdentity }): Promise<View>;
}

const wholeView: View = {
  isWhole: true,
  seesNode: () => true,
  seesService: () => true,
  seesRepository: () => true,
  seesIncident: () => true,
  seesEntry: () => true,
  seesProposal: () => true,
};

export function createViews(nodes: Pick<NodeManager, 'find'>, store: Pick<RepositoryStore, 'list'>): Views {
  /** Shared by all views, so that a long watch follows what later calls learn. */
  let repositories: readonly Repository[] = [];
  const narrow = (scope: Scope): View => {
    const { nodeLabels } = scope;
    const wantsNode = Object.keys(nodeLabels).length > 0;
    const wantsRepository = scope.repositories.length > 0;
    const seesNode = (nodeId: string): boolean => {
      if (!wantsNode) return true;
      const labels = nodes.find(nodeId)?.labels;
      return labels !== undefined && Object.entries(nodeLabels).every(([key, value]) => labels[key] === value);
    };
    const seesRepository = ({ name }: Pick<Repository, 'name'>): boolean => !wantsRepository || scope.repositories.includes(name);
    const seesService = (service: string): boolean => {
      if (!wantsRepository) return true;
      const responsible = findRepository(repositories, service);
      return responsible !== undefined && seesRepository(responsible);
    };
    const seesIncident: View['seesIncident'] = ({ service, nodeIds }) =>
      seesService(service) && (!wantsNode || nodeIds.some((nodeId) => seesNode(nodeId)));
    return {
      isWhole: false,
      seesNode,
      seesRepository,
      seesService,
      seesIncident,
      seesEntry: ({ nodeId, service }) => seesNode(nodeId) && seesService(service),
      seesProposal(proposal, incident) {
        const repository = repositories.find(({ id }) => id === proposal.repositoryId);
        const isOurs = proposal.repositoryId === undefined || (repository === undefined ? !wantsRepository : seesRepository(repository));
        return isOurs && incident !== undefined && seesIncident(incident);
      },
    };
  };
  return {
    async of({ identity }) {
      const scope = identity.operator?.scope ?? wholeScope;
      if (isWhole(scope)) return wholeView;
      repositories = await store.list();
      return narrow(scope);
    },
  };
}

/** @throws HephaestusError `<kind>.not-found`, the same for what is outside as for what isn't there */
export function requireSeen(seen: boolean, kind: 'node' | 'incident' | 'proposal' | 'repository', name: string): void {
  if (seen) return;
  const word = kind === 'proposal' ? 'solution' : kind;
  throw new HephaestusError({ code: `${kind}.not-found`, kind: 'validation', message: `there is no ${word} ${name} in your scope` });
}
