// SolutionService: proposals and what operators decide about them.
// Must never hold logic of its own; it translates and delegates.
import type { SolutionServiceImplementation } from '../../proto/index.ts';
import type { SolutionService } from '../solutions/proposal.ts';
import type { CallIdentity } from './auth.ts';
import { pageSizeOf, readPageToken, writePageToken } from './page.ts';
import { readProposalStates, writeProposal } from './wire-solution.ts';

/** @param incidentIdOf the full id for a beginning of it */
export function createSolutionService(
  solutions: SolutionService,
  incidentIdOf: (idOrPrefix: string) => Promise<string>,
): SolutionServiceImplementation<{ identity: CallIdentity }> {
  return {
    async listSolutions(request) {
      const size = pageSizeOf(request.page);
      const place = readPageToken('solutions', request.page, ['string']);
      const found = await solutions.list({
        incidentId: request.incidentId === '' ? undefined : await incidentIdOf(request.incidentId),
        states: readProposalStates(request.states),
        limit: size + 1,
        after: place === undefined ? undefined : String(place[0]),
      });
      const shown = found.slice(0, size);
      const last = shown.at(-1);
      return {
        solutions: shown.map(writeProposal),
        nextPageToken: last === undefined || found.length <= size ? '' : writePageToken('solutions', [last.id]),
      };
    },
    async getSolution(request) {
      return { solution: writeProposal(await solutions.get(request.id)) };
    },
    async *watchSolutions(request, context) {
      const incidentId = request.incidentId === '' ? undefined : await incidentIdOf(request.incidentId);
      for await (const { proposal, event } of solutions.watch(incidentId, context.signal))
        yield { solution: writeProposal(proposal), event };
    },
    async generateSolutionProposal(request) {
      return { solution: writeProposal(await solutions.generate(await incidentIdOf(request.incidentId))) };
    },
    async validateSolutionProposal(request) {
      return { solution: writeProposal(await solutions.validate(request.id)) };
    },
    async approveSolution(request, context) {
      return { solution: writeProposal(await solutions.approve(request.id, context.identity.operator?.name ?? '', request.note)) };
    },
    async rejectSolution(request, context) {
      return { solution: writeProposal(await solutions.reject(request.id, context.identity.operator?.name ?? '', request.note)) };
    },
  };
}
