// SolutionService: proposals and what operators decide about them.
// Must never hold logic of its own; it translates and delegates.
import type { SolutionServiceImplementation } from '../../proto/index.ts';
import type { Incident, IncidentReader } from '../incidents/incident.ts';
import type { SolutionProposal, SolutionService } from '../solutions/proposal.ts';
import type { CallIdentity } from './call-identity.ts';
import { pageSizeOf, readPageToken, writePageToken } from './page.ts';
import { requireSeen, type View, type Views } from './view.ts';
import { readProposalStates, writeProposal } from './wire-solution.ts';

export interface SolutionApiOptions {
  readonly solutions: SolutionService;
  readonly incidents: IncidentReader;
  /** By a full id or a beginning of it. @throws HephaestusError if there is none, or several */
  readonly findIncident: (idOrPrefix: string) => Promise<Incident>;
  readonly views: Views;
}

type Context = { readonly identity: CallIdentity };

export function createSolutionService(options: SolutionApiOptions): SolutionServiceImplementation<{ identity: CallIdentity }> {
  const { solutions, incidents, findIncident, views } = options;
  const sees = async (view: View, proposal: SolutionProposal): Promise<boolean> =>
    view.isWhole || view.seesProposal(proposal, await incidents.getIncident(proposal.incidentId));
  /** By id or its beginning, if the caller sees it. */
  const find = async (context: Context, id: string): Promise<SolutionProposal> => {
    const proposal = await solutions.get(id);
    requireSeen(await sees(await views.of(context), proposal), 'proposal', id);
    return proposal;
  };
  const incidentIdOf = async (context: Context, idOrPrefix: string): Promise<string> => {
    const incident = await findIncident(idOrPrefix);
    requireSeen((await views.of(context)).seesIncident(incident), 'incident', idOrPrefix);
    return incident.id;
  };
  const nameOf = (context: Context): string => context.identity.operator?.name ?? '';
  return {
    async listSolutions(request, context) {
      const view = await views.of(context);
      const size = pageSizeOf(request.page);
      const place = readPageToken('solutions', request.page, ['string']);
      const found = await solutions.list({
        incidentId: request.incidentId === '' ? undefined : await incidentIdOf(context, request.incidentId),
        states: readProposalStates(request.states),
        limit: size + 1,
        after: place === undefined ? undefined : String(place[0]),
      });
      const page = found.slice(0, size);
      const last = page.at(-1);
      const shown: SolutionProposal[] = [];
      for (const proposal of page) if (await sees(view, proposal)) shown.push(proposal);
      return {
        solutions: shown.map(writeProposal),
        nextPageToken: last === undefined || found.length <= size ? '' : writePageToken('solutions', [last.id]),
      };
    },
    async getSolution(request, context) {
      return { solution: writeProposal(await find(context, request.id)) };
    },
    async *watchSolutions(request, context) {
      const view = await views.of(context);
      const incidentId = request.incidentId === '' ? undefined : await incidentIdOf(context, request.incidentId);
      for await (const { proposal, event } of solutions.watch(incidentId, context.signal)) {
        if (await sees(view, proposal)) yield { solution: writeProposal(proposal), event };
      }
    },
    async generateSolutionProposal(request, context) {
      return { solution: writeProposal(await solutions.generate(await incidentIdOf(context, request.incidentId))) };
    },
    async validateSolutionProposal(request, context) {
      return { solution: writeProposal(await solutions.validate((await find(context, request.id)).id)) };
    },
    async approveSolution(request, context) {
      const { id } = await find(context, request.id);
      return { solution: writeProposal(await solutions.approve(id, nameOf(context), request.note)) };
    },
    async rejectSolution(request, context) {
      const { id } = await find(context, request.id);
      return { solution: writeProposal(await solutions.reject(id, nameOf(context), request.note)) };
    },
  };
}
