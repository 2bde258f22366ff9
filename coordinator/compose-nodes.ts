// Joins nodes with what proves them: the Node Manager, the authority, join tokens, enrolment, and the port's certificate.
// Must never hold logic; compose.ts calls it, tests call compose.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Metrics } from '../base/metrics.ts';
import type { AuthOptions } from './api/auth.ts';
import { createAuthorityService } from './api/authority-service.ts';
import { createEnrollmentService } from './api/enrollment-service.ts';
import { CoordinatorCredentials } from './api/server-credentials.ts';
import type { Services } from './api/server.ts';
import { keepAuthorityFiles, readConfiguredAuthority } from './authority-files.ts';
import type { CoordinatorConfiguration } from './config.ts';
import type { Gauges } from './coordinator-metrics.ts';
import type { Chore } from './housekeeping.ts';
import { defaultNodeConfiguration } from './node-defaults.ts';
import { Authorities } from './nodes/authorities.ts';
import { AuthorityRollout } from './nodes/authority-rollout.ts';
import { Enrolment, nodeIdOf } from './nodes/enrolment.ts';
import { JoinTokens } from './nodes/join-token.ts';
import { NodeManager } from './nodes/node-manager.ts';
import { NodeQuestions } from './nodes/node-questions.ts';
import type { Node } from './nodes/node.ts';
import { loadServerCertificate } from './state-directory.ts';
import type { Database } from './store/database.ts';
import { createJoinTokenStore, createNodeStore } from './store/node-records.ts';

export interface NodeParts {
  readonly nodes: NodeManager;
  readonly questions: NodeQuestions;
  readonly gauges: Pick<Gauges, 'nodesByStatus' | 'restartsByNode'>;
  readonly tokens: JoinTokens;
  readonly credentials: CoordinatorCredentials;
  /** The node that a verified certificate names, if it counts. */
  readonly nodeOf: AuthOptions['nodeOf'];
  readonly certificateExpiresAtMs: () => number;
  readonly services: Pick<Services, 'enrollment' | 'authority'>;
  /** Makes a new one where it ends soon or lacks a name. */
  readonly renewServerCertificate: () => Promise<void>;
  readonly chores: readonly Chore[];
}

export interface NodeInputs {
  readonly config: CoordinatorConfiguration;
  /** Of the server's certificate, as the settings are now; asked after the beginning only. */
  readonly names: () => readonly string[];
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly onChange: (before: Node, after: Node) => void;
}

/** How often the agents of the nodes that aren't removed were started again. */
function restartsByName(nodes: readonly Node[]): ReadonlyMap<string, number> {
  const present = nodes.filter(({ status }) => status !== 'removed');
  return new Map(present.map(({ name, vitals }) => [name, vitals?.agentRestarts ?? 0]));
}

export async function composeNodes({ config, names, database, clock, logger, metrics, onChange }: NodeInputs): Promise<NodeParts> {
  const { stateDirectory, trustDomain } = config;
  const { authority: configured, alsoTrust } = config.certificates;
  const authority = await Authorities.open(
    configured === undefined
      ? keepAuthorityFiles({ stateDirectory, trustDomain, clock })
      : readConfiguredAuthority({ ...configured, alsoTrust }, trustDomain),
  );
  const serverCertificate = await loadServerCertificate(config.stateDirectory, authority, config.names, clock.now());
  const nodes = new NodeManager({
    store: createNodeStore(database),
    clock,
    logger: logger.withContext({ component: 'node-manager' }),
    defaultConfiguration: defaultNodeConfiguration(config),
    onChange: (before, after) => {
      if (before.status !== after.status) metrics.recordStatusChange('node', before.status, after.status);
      onChange(before, after);
    },
  });
  await nodes.load();
  const tokens = new JoinTokens({ store: createJoinTokenStore(database), clock, caHash: () => authority.hash });
  const enrolment = new Enrolment({
    authority,
    tokens,
    nodes,
    clock,
    logger: logger.withContext({ component: 'enrolment' }),
    certificateLifetimeMs: config.certificates.nodeLifetime,
    renewalGraceMs: config.certificates.renewalGrace,
  });
  const credentials = new CoordinatorCredentials(authority.bundle, authority.current.certificate, serverCertificate);
  let certificateExpiresAtMs = serverCertificate.expiresAtMs;
  const renewServerCertificate = async (): Promise<void> => {
    const fresh = await loadServerCertificate(config.stateDirectory, authority, names(), clock.now());
    certificateExpiresAtMs = fresh.expiresAtMs;
    credentials.replace(authority.bundle, authority.current.certificate, fresh);
  };
  authority.onChange(renewServerCertificate);
  const rollout = new AuthorityRollout(nodes, authority, clock);
  return {
    nodes,
    questions: new NodeQuestions(nodes, clock),
    gauges: {
      nodesByStatus: () => nodes.countByStatus(),
      restartsByNode: () => restartsByName(nodes.all()),
    },
    tokens,
    credentials,
    nodeOf: ({ subjectAltName, serial }) => {
      const nodeId = nodeIdOf({ subjectAltName }, authority);
      return nodeId !== undefined && nodes.accepts(nodeId, serial) ? nodeId : undefined;
    },
    certificateExpiresAtMs: () => certificateExpiresAtMs,
    services: {
      enrollment: createEnrollmentService(enrolment),
      authority: createAuthorityService(authority, rollout),
    },
    renewServerCertificate,
    chores: [
      { name: 'silent-nodes', everyMs: 1000, run: () => nodes.tick() },
      { name: 'authority-rollout', everyMs: 1000, run: async () => rollout.tick() },
      { name: 'node-states', everyMs: 15_000, atStop: true, run: () => nodes.flush() },
      { name: 'server-certificate', everyMs: 3_600_000, run: renewServerCertificate },
    ],
  };
}
