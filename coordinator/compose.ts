// The coordinator, put together: every service is constructed here, in the order in which they need each other.
// Must never hold logic of its own; tests call it with overrides and get the same coordinator.
import { systemClock, type Clock } from '../base/clock.ts';
import { HephaestusError } from '../base/errors.ts';
import { createLifecycle, type Lifecycle } from '../base/lifecycle.ts';
import { createLogger, type Logger } from '../base/logger.ts';
import { createMetrics, type Metrics } from '../base/metrics.ts';
import { createOpsServer, type OpsServer } from '../base/ops-server.ts';
import { createAgentLink } from './api/agent-link.ts';
import { createIncidentService } from './api/incident-service.ts';
import { createLogService } from './api/log-service.ts';
import { createModelApi } from './api/model-service.ts';
import { createNodeService } from './api/node-service.ts';
import { createRepositoryApi } from './api/repository-service.ts';
import { createApiServer, type ApiServer } from './api/server.ts';
import { createSolutionService as createSolutionApi } from './api/solution-service.ts';
import { createSystemService } from './api/system-service.ts';
import { createViews } from './api/view.ts';
import { composeAccess } from './compose-access.ts';
import { analyzerOf, composeDetection } from './compose-detection.ts';
import { composeFollowing } from './compose-following.ts';
import { composeNodes } from './compose-nodes.ts';
import { sourceOrigins } from './nodes/node.ts';
import { composeSolutions } from './compose-solutions.ts';
import { splitAddress, type CoordinatorConfiguration } from './config.ts';
import { createCoordinatorMetrics } from './coordinator-metrics.ts';
import { declareRepositories } from './declared-repositories.ts';
import { createSystemFacts } from './system-facts.ts';
import { createHousekeeping } from './housekeeping.ts';
import { finishKeyRotation } from './master-key-rotation.ts';
import { createLiveSettings, type LiveSettings } from './settings-reload.ts';
import { relaySolutions } from './solution-relay.ts';
import type { Problem } from './incidents/detector.ts';
import { ExposureMeter } from './incidents/exposure.ts';
import { IncidentWatch } from './incidents/incident-watch.ts';
import { Ingest } from './logs/ingest.ts';
import { RunningRevisions } from './incidents/running-revisions.ts';
import { LiveTail } from './logs/live-tail.ts';
import { RecordProcessor, type RecordAnalyzer } from './logs/record-processor.ts';
import { enforceRetention } from './logs/retention.ts';
import { submitEntries } from './logs/submission.ts';
import { countModelRequests } from './model-metrics.ts';
import { pruneRequests } from './model/model-usage.ts';
import { branchPrefix } from './repository/branch-writer.ts';
import { loadMasterKey, stateFiles, upgradeDatabase } from './state-directory.ts';
import { createCommitStore, type CommitTransaction } from './store/commit-store.ts';
import { openDatabase } from './store/database.ts';
import { createDeploymentStore } from './store/deployment-records.ts';
import { createExposureStore } from './store/exposure-records.ts';
import { createIncidentStore } from './store/incident-records.ts';
import { createJobQueue } from './store/job-records.ts';
import { createLogReader } from './store/log-records.ts';
import { createModelRequestStore } from './store/model-records.ts';
import { createWebhookStore } from './store/webhook-records.ts';
import { createRemedyStore } from './store/remedy-records.ts';
import { SecretStore } from './store/secrets.ts';
import { createProposalStore, createRepositoryStore } from './store/solution-records.ts';

export interface ComposeOverrides {
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  readonly analyzer?: RecordAnalyzer | undefined;
  /** Folders of PATH, and systemd's credentials; main.ts reads them from the environment. */
  readonly searchPath?: readonly string[] | undefined;
  readonly credentialsDirectory?: string | undefined;
  readonly colour?: boolean | undefined;
}

export interface Coordinator extends Lifecycle {
  readonly logger: Logger;
  readonly api: ApiServer;
  readonly ops: OpsServer;
  readonly metrics: Metrics;
  /** Settings that were read again. @throws if they can't be applied; the old ones hold on */
  readonly reload: LiveSettings['reload'];
  /** One line for `systemctl status`. */
  readonly describe: () => string;
  readonly webhookPort: () => number | undefined;
}

const defaultSearchPath = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin'];
const stopDeadlineMs = 30_000;
const maxBatchBytes = 1_048_576;

/** @throws HephaestusError if the state directory isn't ready */
export async function compose(config: CoordinatorConfiguration, overrides: ComposeOverrides = {}): Promise<Coordinator> {
  const clock = overrides.clock ?? systemClock;
  const logger =
    overrides.logger ?? createLogger({ ...config.log, colour: overrides.colour, context: { service: 'hephaestus-coordinator' } });
  const component = (name: string): Logger => logger.withContext({ component: name });
  const metrics = createMetrics({
    prefix: 'hephaestus_coordinator',
    toError: (thrown) => HephaestusError.from(thrown),
    monotonicMs: () => clock.monotonicMs(),
    processMetrics: true,
  });
  const startedAtMs = clock.now();

  // What is kept.
  const database = openDatabase(stateFiles(config.stateDirectory).database);
  await upgradeDatabase(database, config.stateDirectory, clock.now());
  await finishKeyRotation(config.stateDirectory, database);
  const masterKey = await loadMasterKey(config.stateDirectory);
  const secrets = new SecretStore({
    database,
    masterKey,
    clock,
    files: config.secrets,
    credentialsDirectory: overrides.credentialsDirectory,
  });
  const access = await composeAccess({ config, database, masterKey, secrets, clock, logger });
  const incidentStore = createIncidentStore(database);
  const proposals = createProposalStore(database);
  const repositoryStore = createRepositoryStore(database);
  const jobs = createJobQueue(database, clock);
  const requests = countModelRequests(createModelRequestStore(database), metrics);
  const logReader = createLogReader(database);
  const deployments = createDeploymentStore(database);
  const exposures = createExposureStore(database);

  // Nodes.
  const nodeParts = await composeNodes({
    config,
    names: () => settings.current().names,
    database,
    clock,
    logger,
    metrics,
    onChange: (before, after) => detection.noteNode(before, after),
  });
  const { nodes } = nodeParts;

  // Incidents and logs.
  const watch = new IncidentWatch();
  const meter = new ExposureMeter(config.following.revisionFields);
  const detection = await composeDetection({
    config: config.detection,
    database,
    store: incidentStore,
    watch,
    clock,
    logger: component('incidents'),
    exposure: meter,
    judgedEveryMs: Math.min(30_000, config.following.verdictInterval),
    deployments,
    nodes: () => nodes.all(),
    findNode: (nodeId) => nodes.find(nodeId),
    nodeIdOf: (node) => nodes.getNode(node).id,
  });
  const { tracker, analyzer: learnt } = detection;
  const processor = new RecordProcessor(overrides.analyzer ?? analyzerOf(learnt, component('logs')));
  const tail = new LiveTail();
  const figures = { incidents: new Map<string, number>(), jobs: 0, storedBytes: 0 };
  const ownMetrics = createCoordinatorMetrics(metrics, {
    ...nodeParts.gauges,
    incidentsByState: () => figures.incidents,
    pendingBytes: () => ingest.pendingBytes,
    pendingJobs: () => figures.jobs,
    storedLogBytes: () => figures.storedBytes,
    templates: () => learnt.templateCount,
  });
  const ingest = new Ingest<Problem, CommitTransaction>({
    store: createCommitStore(database),
    processor,
    observer: tracker,
    tail,
    clock,
    logger: component('ingest'),
    metrics: ownMetrics.ingest,
    ...sourceOrigins((nodeId) => nodes.find(nodeId)),
  });

  // Solutions.
  await declareRepositories(config, repositoryStore, clock);
  const webhooks = createWebhookStore(database);
  const kept = { exposures, proposals, jobs, secrets, webhooks, repositories: repositoryStore };
  const following = await composeFollowing({ ...kept, config, meter, committed: () => ingest.drain(), metrics, clock, logger });
  const solving = composeSolutions({
    following: { ...following, deployments, exposures, desk: tracker, remedies: createRemedyStore(database) },
    config,
    clock,
    logger,
    metrics,
    secrets,
    incidents: incidentStore,
    proposals,
    repositoryStore,
    jobs,
    witness: access.outward,
    requests,
    searchPath: overrides.searchPath ?? defaultSearchPath,
  });

  // The port.
  const views = createViews(nodes, repositoryStore);
  const settings = createLiveSettings(config, {
    repositories: repositoryStore,
    clock,
    logger,
    renewCertificate: () => nodeParts.renewServerCertificate(),
    onChange: access.onSettings,
  });
  const facts = createSystemFacts({
    startedAtMs,
    config,
    clock,
    nodes,
    incidents: incidentStore,
    jobs,
    repositories: repositoryStore,
    secrets,
    sandbox: solving.sandbox,
    totals: () => ownMetrics.totals(),
    models: solving.models,
    certificateExpiresAtMs: nodeParts.certificateExpiresAtMs,
  });
  const api = createApiServer({
    listen: config.listen,
    localSocket: access.localSocket,
    credentials: nodeParts.credentials,
    logger: component('api'),
    endSessions: (reason) => nodes.close(reason),
    auth: { operators: access.operators, witness: access.witness, limits: access.limits, clock, nodeOf: nodeParts.nodeOf },
    services: {
      ...access.services,
      ...nodeParts.services,
      agent: createAgentLink({
        nodes,
        intake: ingest,
        questions: nodeParts.questions,
        revisions: new RunningRevisions({ store: deployments, clock, logger: component('revisions') }),
        clock,
        logger: component('agent-link'),
        heartbeatIntervalMs: config.nodeDefaults.heartbeatInterval,
        maxBatchBytes,
        initialCreditBytes: config.logs.credit,
      }),
      nodes: createNodeService(nodes, nodeParts.tokens, views, nodeParts.questions),
      logs: createLogService({
        reader: logReader,
        tail,
        views,
        incidentIdsOf: (fingerprints) => incidentStore.idsOf(fingerprints),
        submit: (requestId, entries) => submitEntries({ processor, sink: ingest, clock }, requestId, entries),
      }),
      incidents: createIncidentService({ ...detection, store: incidentStore, watch, proposals, views }),
      solutions: createSolutionApi({
        solutions: solving.solutions,
        incidents: incidentStore,
        findIncident: async (id) => (await tracker.find(id)).incident,
        views,
      }),
      repositories: createRepositoryApi({ store: repositoryStore, service: solving.repositories, clock, branchPrefix, views }),
      models: createModelApi({
        models: solving.models,
        records: requests,
        limits: config.model.budget,
        clock,
        solution: (id) => solving.solutions.get(id),
        incidentIdOf: async (id) => (await tracker.find(id)).incident.id,
      }),
      ...detection.services(views),
      system: createSystemService(facts),
    },
  });
  const ops = createOpsServer({
    ...splitAddress(config.ops.listen),
    metrics,
    health: () => ({ reasons: [] }),
    readiness: () => ({ reasons: api.port() === 0 ? [{ component: 'api', message: 'it is not listening' }] : [] }),
    logger: component('ops-server'),
  });

  const refreshFigures = async (): Promise<void> => {
    figures.incidents = new Map(await incidentStore.countByState());
    figures.jobs = await jobs.pending();
    figures.storedBytes = await logReader.storedBytes();
  };
  const chores = [...nodeParts.chores, ...detection.chores, ...following.chores, ...solving.chores, ...access.chores];
  const housekeeping = createHousekeeping(
    [
      ...chores,
      { name: 'figures', everyMs: 5000, run: refreshFigures },
      {
        name: 'retention',
        everyMs: 60_000,
        run: async (signal) => {
          const { maxAge, maxSize } = settings.current().logs;
          const policy = { maxAgeMs: maxAge, maxBytes: maxSize };
          await enforceRetention(logReader, policy, { clock, logger: component('retention') }, signal);
        },
      },
      { name: 'model-requests', everyMs: 600_000, run: () => pruneRequests(requests, config.model.transcripts, clock.now()) },
    ],
    { clock, logger: component('housekeeping') },
  );

  const lifecycle = createLifecycle({
    components: [
      { name: 'database', start: refreshFigures, stop: () => database.destroy() },
      { name: 'ingest', start: async () => undefined, stop: () => ingest.close() },
      housekeeping,
      relaySolutions(solving.events, incidentStore, watch),
      solving.modelService,
      solving.runner,
      ops,
      ...following.components,
      api,
    ],
    logger,
    clock,
    stopDeadlineMs,
  });
  const describe = (): string => {
    const counts = [...nodes.countByStatus()].filter(([, count]) => count > 0).map(([status, count]) => `${count} ${status}`);
    const open = ['open', 'acknowledged', 'regressed'].reduce((sum, state) => sum + (figures.incidents.get(state) ?? 0), 0);
    return `listening on ${config.listen}; nodes: ${counts.join(', ') || 'none'}; open incidents: ${open}`;
  };
  return { ...lifecycle, logger, api, ops, metrics, reload: (next) => settings.reload(next), describe, webhookPort: following.webhookPort };
}
