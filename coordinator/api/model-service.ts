// ModelService: how the models are, what they cost, and what was said to them.
// Must never hold logic of its own; it translates and delegates.
import type { ModelExchange, ModelServiceImplementation, ModelStatus } from '../../proto/index.ts';
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { EndpointStatus } from '../model/endpoint.ts';
import { dayOf } from '../model/ledger.ts';
import type { ModelConfiguration } from '../model/model-configuration.ts';
import { budgetsOf, type KeptRequest, type ModelRequestRecords } from '../model/model-usage.ts';
import type { SolutionProposal } from '../solutions/proposal.ts';
import type { CallIdentity } from './call-identity.ts';
import { writeDuration, writeTime } from './wire-values.ts';

export interface ModelApiOptions {
  readonly models: {
    statuses(): readonly EndpointStatus[];
    initialize(signal: AbortSignal): Promise<readonly EndpointStatus[]>;
  };
  readonly records: ModelRequestRecords;
  readonly limits: ModelConfiguration['budget'];
  readonly clock: Clock;
  readonly solution: (id: string) => Promise<SolutionProposal>;
  /** The full id for a beginning of it. */
  readonly incidentIdOf: (idOrPrefix: string) => Promise<string>;
}

const dayMs = 86_400_000;
const usualDays = 7;
const mostDays = 400;

export function createModelApi(options: ModelApiOptions): ModelServiceImplementation<{ identity: CallIdentity }> {
  const { models, records, limits, clock } = options;
  return {
    async listModels() {
      return { models: models.statuses().map(writeStatus) };
    },
    async checkModels(_request, context) {
      return { models: (await models.initialize(context.signal)).map(writeStatus) };
    },
    async getModelUsage(request) {
      const nowMs = clock.now();
      const days = Math.min(mostDays, request.days === 0 ? usualDays : request.days);
      const rows = await records.usage(dayOf(nowMs) - days + 1);
      const today = await records.spent('', '', dayOf(nowMs));
      return {
        budgets: budgetsOf(limits, today, rows, nowMs).map((budget) => ({ ...budget })),
        rows: rows.map(({ day, endpoint, ...row }) => ({ ...row, name: endpoint, day: new Date(day * dayMs) })),
        tokensPerIncident: limits.tokensPerIncident,
      };
    },
    async listModelExchanges(request) {
      if (request.solutionId === '' && request.incidentId === '') {
        const details = [{ path: 'solution_id', message: 'is needed, or incident_id' }];
        throw new HephaestusError({ code: 'request.invalid', kind: 'validation', message: 'name a solution or an incident', details });
      }
      const proposal = request.solutionId === '' ? undefined : await options.solution(request.solutionId);
      const incidentId = proposal?.incidentId ?? (await options.incidentIdOf(request.incidentId));
      const found = await records.transcript(incidentId, proposal?.createdAtMs ?? 0, proposal?.updatedAtMs ?? clock.now());
      return { exchanges: found.map(writeExchange) };
    },
  };
}

function writeStatus({ isInHouse, usd, canary, problem: _problem, ...status }: EndpointStatus): ModelStatus {
  return {
    ...status,
    inHouse: isInHouse,
    usdPerMillion: usd,
    canary: canary === undefined ? undefined : { ...canary, findings: [...canary.findings] },
  };
}

function writeExchange({ atMs, endpoint, durationMs, exchange, ...request }: KeptRequest): ModelExchange {
  return {
    ...request,
    at: writeTime(atMs),
    name: endpoint,
    duration: writeDuration(durationMs),
    hasWords: exchange !== undefined,
    system: exchange?.system ?? '',
    said: (exchange?.said ?? []).map((words) => ({ ...words })),
    answer: exchange?.answer ?? '',
  };
}
