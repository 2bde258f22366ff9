// DeploymentService: which revision of a service runs where, as operators and pipelines record it.
// Must never guess a revision; what isn't recorded is unknown.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError, type ErrorDetail } from '../../base/errors.ts';
import { createUlid } from '../../base/ulid.ts';
import type { Deployment as WireDeployment, DeploymentServiceImplementation } from '../../proto/index.ts';
import type { DeploymentStore, RecordedDeployment } from '../incidents/deployment.ts';
import type { CallIdentity } from './call-identity.ts';
import { requireSeen, type Views } from './view.ts';
import { pageSizeOf, readPageToken, writePageToken } from './page.ts';
import { readTime, writeTime } from './wire-values.ts';

export interface DeploymentServiceOptions {
  readonly store: DeploymentStore;
  /** @returns the id of a node by its id or name. @throws HephaestusError if there is none */
  readonly nodeIdOf: (idOrName: string) => string;
  /** What is recorded explains incidents that begin after it. */
  readonly onRecorded: (deployment: RecordedDeployment) => void;
  readonly clock: Clock;
  readonly views: Views;
}

const longestName = 200;
/** A pipeline's clock may run ahead of ours a little. */
const furthestFutureMs = 5 * 60_000;

export function createDeploymentService(options: DeploymentServiceOptions): DeploymentServiceImplementation<{ identity: CallIdentity }> {
  const { store, nodeIdOf, onRecorded, clock, views } = options;
  return {
    async recordDeployment(request, context) {
      const nowMs = clock.now();
      const atMs = readTime(request.time) ?? nowMs;
      const problems: ErrorDetail[] = [...nameProblems('service', request.service), ...nameProblems('revision', request.revision)];
      if (atMs > nowMs + furthestFutureMs) problems.push({ path: 'time', message: 'is in the future; record a deployment once it runs' });
      if (problems.length > 0) {
        const message = problems.map((problem) => `${problem.path} ${problem.message}`).join('; ');
        throw new HephaestusError({ code: 'request.invalid', kind: 'validation', message, details: problems });
      }
      const view = await views.of(context);
      const nodeId = request.nodeId === '' ? undefined : nodeIdOf(request.nodeId);
      requireSeen(view.seesService(request.service), 'repository', `for service ${request.service}`);
      // On every node is more than a narrowed operator sees.
      requireSeen(view.seesNode(nodeId ?? ''), 'node', request.nodeId === '' ? 'named' : request.nodeId);
      const deployment = await store.record({
        id: createUlid(nowMs),
        service: request.service,
        revision: request.revision,
        nodeId,
        atMs,
        recordedBy: context.identity.operator?.name ?? '',
      });
      onRecorded(deployment);
      return { deployment: writeDeployment(deployment) };
    },
    async listDeployments(request, context) {
      const view = await views.of(context);
      const size = pageSizeOf(request.page);
      const place = readPageToken('deployments', request.page, ['number', 'string']);
      const found = await store.list({
        service: request.service === '' ? undefined : request.service,
        limit: size + 1,
        after: place === undefined ? undefined : { atMs: Number(place[0]), id: String(place[1]) },
      });
      const shown = found.slice(0, size);
      const last = shown.at(-1);
      return {
        deployments: shown
          .filter(({ service, nodeId }) => view.seesService(service) && (nodeId === undefined || view.seesNode(nodeId)))
          .map(writeDeployment),
        nextPageToken: last === undefined || found.length <= size ? '' : writePageToken('deployments', [last.atMs, last.id]),
      };
    },
  };
}

/** Names are printed on terminals and compared with what logs state. */
function nameProblems(path: string, text: string): ErrorDetail[] {
  if (text === '') return [{ path, message: 'must be given' }];
  if (text.length > longestName) return [{ path, message: `is longer than ${longestName} characters` }];
  return /[\p{Cc}\p{Cf}\s]/u.test(text) ? [{ path, message: 'must not hold blanks or control characters' }] : [];
}

function writeDeployment({ id, service, revision, nodeId, atMs, recordedBy }: RecordedDeployment): WireDeployment {
  return { id, service, revision, nodeId: nodeId ?? '', time: writeTime(atMs), recordedBy };
}
