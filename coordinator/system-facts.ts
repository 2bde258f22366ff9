// What the coordinator says of itself: status, configuration without secrets, and what is wrong with what to do.
// Must never change anything.
import type { Clock } from '../base/clock.ts';
import type { SystemFacts } from './api/system-service.ts';
import { writeSystemConfiguration } from './api/wire-system.ts';
import type { CoordinatorConfiguration } from './config.ts';
import type { IngestTotals } from './coordinator-metrics.ts';
import type { IncidentStore } from './incidents/incident-store.ts';
import type { ModelService } from './model/model-service.ts';
import type { NodeManager } from './nodes/node-manager.ts';
import type { RepositoryStore } from './repository/repository.ts';
import type { JobQueue } from './solutions/job-queue.ts';
import type { Sandbox } from './solutions/sandbox.ts';
import type { SecretReader } from './store/secrets.ts';

export interface SystemFactsOptions {
  readonly startedAtMs: number;
  readonly config: CoordinatorConfiguration;
  readonly clock: Clock;
  readonly nodes: NodeManager;
  readonly incidents: IncidentStore;
  readonly jobs: JobQueue;
  readonly repositories: RepositoryStore;
  readonly secrets: SecretReader;
  readonly sandbox: Sandbox;
  readonly totals: () => IngestTotals;
  readonly models: Pick<ModelService, 'statuses' | 'describe'>;
  readonly certificateExpiresAtMs: () => number;
}

type Finding = Awaited<ReturnType<SystemFacts['diagnose']>>[number];

const soonMs = 14 * 86_400_000;

export function createSystemFacts(options: SystemFactsOptions): SystemFacts {
  const { clock, config, nodes, jobs, sandbox, totals } = options;
  let previous = { atMs: clock.monotonicMs(), entries: 0, rate: 0 };
  return {
    startedAtMs: options.startedAtMs,
    async components() {
      const isolation = await sandbox.check();
      return [
        { name: 'store', ready: true, reason: '' },
        { name: 'model', ...describeModels(options) },
        { name: 'sandbox', ready: isolation.ok, reason: isolation.message },
      ];
    },
    nodes: () => nodes.countByStatus(),
    incidents: () => options.incidents.countByState(),
    entriesTotal: () => totals().entries,
    /** Since the last time somebody asked, at least a second ago. */
    entriesPerSecond() {
      const nowMs = clock.monotonicMs();
      if (nowMs - previous.atMs < 1000) return previous.rate;
      const { entries } = totals();
      previous = { atMs: nowMs, entries, rate: ((entries - previous.entries) * 1000) / (nowMs - previous.atMs) };
      return previous.rate;
    },
    pendingJobs: () => jobs.pending(),
    modelProvider: () => options.models.describe(),
    configuration: () => writeSystemConfiguration(config, async (name) => (await options.secrets.get(name)) !== undefined),
    diagnose: () => diagnose(options),
  };
}

/** Patterns stand in where no model can be used, so that the coordinator is well even then. */
function describeModels({ models }: SystemFactsOptions): { readonly ready: boolean; readonly reason: string } {
  const failed = models.statuses().filter(({ state, provider }) => state === 'failed' && provider !== 'auto');
  const said = failed.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  const isUsable = failed.length === 0 || failed.length < models.statuses().length;
  return { ready: isUsable, reason: [models.describe(), said].filter((part) => part !== '').join('; ') };
}

function modelFindings(models: SystemFactsOptions['models']): readonly Finding[] {
  const statuses = models.statuses();
  if (statuses.length === 0)
    return [{ level: 'ok', component: 'model', message: 'builtin: patterns make proposals, no model is configured', remedy: '' }];
  return statuses.map(({ name, provider, state, reason, canary }) => {
    const component = `model ${name}`;
    if (state === 'failed' && provider === 'auto')
      return { level: 'ok', component, message: `no local Ollama is used (${reason}); the built-in engine makes proposals`, remedy: '' };
    if (state === 'failed')
      return {
        level: 'failed',
        component,
        message: reason,
        remedy: 'until then the other models and the built-in engine are asked; try again: hephaestusctl models check',
      };
    const isWeak = (canary?.findings.length ?? 0) > 0;
    return {
      level: isWeak ? 'warning' : 'ok',
      component,
      message: reason,
      remedy: isWeak ? 'another model server or model may do better' : '',
    };
  });
}

async function diagnose(options: SystemFactsOptions): Promise<readonly Finding[]> {
  const { nodes, repositories, sandbox, clock, config, secrets } = options;
  const findings: Finding[] = [{ level: 'ok', component: 'store', message: `state directory ${config.stateDirectory}`, remedy: '' }];
  const isolation = await sandbox.check();
  findings.push({
    level: isolation.ok ? 'ok' : 'failed',
    component: 'sandbox',
    message: isolation.message,
    remedy: isolation.ok ? '' : 'without it no proposal can be proven; install what is missing',
  });
  if (config.offline) findings.push({ level: 'ok', component: 'offline', message: 'no connection leaves this host', remedy: '' });
  findings.push(...modelFindings(options.models));
  const leftMs = options.certificateExpiresAtMs() - clock.now();
  if (leftMs < soonMs) {
    findings.push({
      level: 'warning',
      component: 'api',
      message: 'the server certificate ends soon',
      remedy: 'it renews itself; look for errors in the log',
    });
  }
  const known = await repositories.list();
  if (known.length === 0) {
    findings.push({
      level: 'warning',
      component: 'repositories',
      message: 'there is none, so that no code can be found',
      remedy: 'add one with: hephaestusctl repositories add',
    });
  }
  for (const repository of known) {
    const hasCredential = repository.credential === undefined || (await secrets.get(repository.credential)) !== undefined;
    const problem = hasCredential ? repository.lastError : `its secret ${repository.credential} is not set`;
    findings.push({
      level: problem === undefined ? 'ok' : 'failed',
      component: `repository ${repository.name}`,
      message: problem ?? repository.url,
      remedy: problem === undefined ? '' : `see: hephaestusctl repositories check ${repository.name}`,
    });
  }
  for (const node of nodes.listNodes({ statuses: ['inactive', 'error', 'degraded'], labels: {}, nameContains: '' })) {
    findings.push({
      level: node.status === 'degraded' ? 'warning' : 'failed',
      component: `node ${node.name}`,
      message: `${node.status}: ${node.statusReason}`,
      remedy: node.status === 'inactive' ? 'look at hephaestus-agent on that host' : `see: hephaestusctl nodes get ${node.name}`,
    });
  }
  return findings;
}
