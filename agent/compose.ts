// Builds the agent out of its parts. The only place where its services are constructed; tests call it too.
// Must never read the environment or end the process; main.ts does.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { HephaestusError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { Metrics } from '../base/metrics.ts';
import type { HealthReason, OpsServer } from '../base/ops-server.ts';
import { version } from '../base/version.ts';
import { nodeSettingsOf, type AgentConfig, type NodeSettings } from './config.ts';
import { createDirectiveHandler } from './directive-handler.ts';
import { effectiveSources } from './discovered-sources.ts';
import { createHotCodeSwitch } from './hot-code.ts';
import { createFactsReader } from './host/facts.ts';
import { createRevisionReader } from './host/revisions.ts';
import { createVitalsReader } from './host/vitals.ts';
import { createNodeConfiguration } from './node-configuration.ts';
import { createNodeReporter } from './node-reporter.ts';
import { createPipeline } from './pipeline.ts';
import { judgePushedPaths } from './pushed-paths.ts';
import { readRedactionKey } from './redaction/key-file.ts';
import { createRedactionSwitch } from './redaction/redaction-switch.ts';
import { createReductionSwitch } from './reduction/reduction-switch.ts';
import { createCertificateKeeper } from './session/certificate-keeper.ts';
import { openEpochFile } from './session/epoch-file.ts';
import { enrol } from './session/enrolment.ts';
import type { JoinToken } from './session/join-token.ts';
import { showCoordinatorAddress } from './session/coordinator-address.ts';
import { openCredentialsStore, type NodeCredentials } from './session/node-credentials.ts';
import { openPositionsFile } from './session/positions-file.ts';
import { createSendRate } from './session/send-rate.ts';
import { createSession } from './session/session.ts';
import { beginGapSeries, createSessionMetrics } from './session/session-metrics.ts';
import { registerAgentMetrics } from './agent-metrics.ts';
import { createResourceGovernor, ownUsage } from './resource-governor.ts';
import { openFileShare } from './open-file-share.ts';
import { openSource } from './source-opener.ts';
import type { SourceSettings } from './source-settings.ts';
import { openStartCount } from './start-count.ts';
import { lockState } from './state-lock.ts';
import type { Source } from './sources/source.ts';

export interface AgentDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Nobody sees them without `ops`; see silent-metrics.ts. */
  readonly metrics: Metrics;
  /** Asked only while the host isn't enrolled. */
  readonly joinToken: () => Promise<JoinToken | undefined>;
  /** Where discovery looks; default `/`. */
  readonly hostRoot?: string | undefined;
  /** Instead of reading files and journals. */
  readonly openSource?: ((settings: SourceSettings) => Source) | undefined;
  /** How long what is under way may be acknowledged at the end. */
  readonly drainMs?: number | undefined;
  /** How long counts of reduced records wait for more. */
  readonly reductionHoldMs?: number | undefined;
  /** How long an acknowledgement may be missing before the session begins anew. */
  readonly ackTimeoutMs?: number | undefined;
  /** How long Welcome may take at first. */
  readonly greetingTimeoutMs?: number | undefined;
}

export interface Agent {
  /** Until `stop` aborts. `onReady` is called once everything that needs no coordinator works. @throws what no retry can mend */
  run(stop: AbortSignal, onReady?: () => void): Promise<void>;
  /** The file changed. @throws if the new settings can't be applied; the old ones run on */
  reload(config: AgentConfig): Promise<void>;
  /** Trades a token for a certificate, or says that the node has one. */
  enrol(token: JoinToken | undefined): Promise<{ readonly kind: 'enrolled' | 'already'; readonly credentials: NodeCredentials }>;
  readonly metrics: Metrics;
  /** One line for `systemctl status`. */
  describe(): string;
}

/** Between looks for logs of programs that were installed meanwhile. */
const discoveryMs = 300_000;

export function compose(config: AgentConfig, dependencies: AgentDependencies): Agent {
  const { clock, logger, metrics } = dependencies;
  const child = (component: string): Logger => logger.withContext({ component });
  const inState = (name: string): string => join(config.stateDirectory, name);
  const monotonicMs = (): number => clock.monotonicMs();
  const facts = createFactsReader({ agentVersion: version, clock, logger: child('facts') });
  const store = openCredentialsStore(config.stateDirectory);
  const enrolment = { address: config.coordinator, store, clock, logger: child('enrolment') };
  const certificates = createCertificateKeeper({ ...enrolment, joinToken: dependencies.joinToken, facts: () => facts.read() });
  const positions = openPositionsFile({ path: inState('positions.json'), clock, logger: child('positions') });
  const starts = openStartCount(inState('starts.json'), child('state'));
  const rate = createSendRate(monotonicMs);
  const redaction = createRedactionSwitch(
    () => readRedactionKey(config.redactionKeyFile, inState('redaction.key'), child('redaction')),
    metrics,
  );
  const reduction = createReductionSwitch(monotonicMs, dependencies.reductionHoldMs);
  const pipeline = createPipeline({
    createSource:
      dependencies.openSource ??
      ((settings) =>
        openSource(settings, {
          clock,
          logger: child('source'),
          maxOpenFiles: () => maxOpenFiles,
          never: config.stateDirectory,
          onFinished: (source, position) => {
            positions.record({ source, position });
          },
        })),
    redactor: () => redaction.current(),
    reduction: () => reduction.current(),
    allowance: createResourceGovernor(clock, ownUsage, () => configuration.settings().limits),
    noteRead: createHotCodeSwitch(monotonicMs),
    logger: child('pipeline'),
  });
  const sourcesOf = ({ sources }: NodeSettings): readonly SourceSettings[] => effectiveSources(sources, dependencies.hostRoot).sources;
  /** Of each source, whenever it was opened. */
  let maxOpenFiles = openFileShare(1);
  const sessionMetrics = createSessionMetrics(metrics);
  const configuration = createNodeConfiguration({
    stateFolder: config.stateDirectory,
    logger: child('configuration'),
    judgeSources: (sources) => judgePushedPaths(sources, { folders: config.pushedFolders, never: [config.stateDirectory] }),
    async apply(settings: NodeSettings) {
      // First, so that a rule that is wrong changes nothing, and no new source is read under old rules.
      const prepared = await redaction.prepare(settings.redaction);
      prepared.put();
      await reduction.put(settings.shipping ?? 'all');
      const sources = sourcesOf(settings);
      maxOpenFiles = settings.limits.maxOpenFiles ?? openFileShare(sources.filter(({ file }) => file !== undefined).length);
      await pipeline.configure(sources);
      beginGapSeries(sessionMetrics, sources);
      if (settings.log.level !== undefined) logger.setLevel(settings.log.level);
      rate.limit(settings.limits.maxBytesPerSecond ?? 0);
    },
  });
  const reporter = createNodeReporter({
    facts,
    vitals: createVitalsReader(clock, starts.restarts),
    sources: () => pipeline.status(),
    revisions: createRevisionReader(config.deployments, { clock, logger: child('revisions') }),
    session: () => session.status(),
    configuration: () => configuration.state(),
    positionsFailure: () => positions.failure(),
  });
  const session = createSession({
    address: config.coordinator,
    certificates,
    feed: pipeline,
    reporter,
    directives: createDirectiveHandler({ configuration, pipeline, reporter, logger }),
    positions,
    epochs: openEpochFile(inState('epoch.json'), clock, child('session')),
    rate,
    maxBytesPerSecond: () => configuration.settings().limits.maxBytesPerSecond ?? 0,
    heartbeatIntervalMs: () => {
      const seconds = configuration.settings().heartbeatSeconds;
      return seconds === undefined ? undefined : seconds * 1000;
    },
    version,
    clock,
    logger: child('session'),
    metrics: sessionMetrics,
    drainMs: dependencies.drainMs,
    ackTimeoutMs: dependencies.ackTimeoutMs,
    greetingTimeoutMs: dependencies.greetingTimeoutMs,
  });
  registerAgentMetrics(metrics, { sources: () => pipeline.status(), session: () => session.status(), restarts: starts.restarts });

  const reasons = (): readonly HealthReason[] =>
    reporter
      .health()
      .parts.filter(({ status }) => status !== 'ok')
      .map(({ name, reason }) => ({ component: name, message: reason }));
  /** Loaded only where a port is wanted. */
  async function openOperations(): Promise<OpsServer | undefined> {
    if (config.ops === undefined) return undefined;
    const { createOpsServer } = await import('../base/ops-server.ts');
    const server = createOpsServer({
      ...config.ops.listen,
      metrics,
      // The agent mends its troubles by itself, restarting it would mend none.
      health: () => ({ reasons: [] }),
      readiness: () => ({ reasons: reasons() }),
      logger: child('operations'),
    });
    await server.start();
    logger.info('operations port open', { ...server.address() });
    return server;
  }

  async function prepareState(): Promise<void> {
    try {
      await mkdir(config.stateDirectory, { recursive: true, mode: 0o700 });
    } catch (cause) {
      const message = `the state directory ${config.stateDirectory} cannot be made: ${HephaestusError.from(cause).message}; set stateDirectory to a folder that this user may write`;
      throw new HephaestusError({ code: 'state.unusable', kind: 'system', message, cause });
    }
  }

  return {
    metrics,
    reload: (next) => configuration.reload(nodeSettingsOf(next)),
    describe() {
      const { state, reason } = session.status();
      const place = showCoordinatorAddress(config.coordinator);
      const connection = state === 'shipping' ? `ships to ${place}` : `${state} (${place}${reason === '' ? '' : `: ${reason}`})`;
      const troubled = reporter.health().parts.filter(({ name, status }) => status !== 'ok' && name !== 'session');
      const trouble = troubled.length === 0 ? '' : `; ${troubled.map(({ name, reason: why }) => `${name}: ${why}`).join('; ')}`;
      return `${connection}; sources: ${pipeline.status().length}${trouble}`;
    },
    async enrol(token) {
      await prepareState();
      const stored = await store.load();
      if (stored.kind === 'present' && stored.credentials.expiresAtMs > clock.now())
        return { kind: 'already', credentials: stored.credentials };
      if (token !== undefined) return { kind: 'enrolled', credentials: await enrol(enrolment, token, await facts.read()) };
      return { kind: 'enrolled', credentials: await certificates.ensure(new AbortController().signal) };
    },
    async run(stop, onReady) {
      await prepareState();
      const lock = await lockState(config.stateDirectory);
      let operations: OpsServer | undefined;
      // Programs are installed while the agent runs; only where nothing is configured is there something to be found.
      const discovering = setInterval(() => {
        const settings = configuration.settings();
        if (settings.sources.length > 0) return;
        pipeline.configure(sourcesOf(settings)).catch((error: unknown) => logger.error('discovery failed', { err: error }));
      }, discoveryMs).unref();
      try {
        await starts.begin();
        await positions.load();
        await configuration.start(nodeSettingsOf(config));
        // Files are held before they are rotated away, also while the coordinator can't be asked where they stand.
        if (positions.all().length > 0) await pipeline.open(positions.all(), false);
        operations = await openOperations();
        onReady?.();
        await session.run(stop);
      } finally {
        clearInterval(discovering);
        await operations?.stop(AbortSignal.timeout(1000));
        await pipeline.close();
        await lock.release();
      }
    },
  };
}
