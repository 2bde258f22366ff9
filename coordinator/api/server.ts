// The gRPC server: one TLS port for agents and operators, with health and reflection.
// Must never add a service that permissions.ts doesn't list.
import { createServer, type CallContext, type Server, type ServerMiddlewareCall, type ServiceImplementation } from 'nice-grpc';
import { errorDetailsServerMiddleware } from 'nice-grpc-error-details';
import { HealthDefinition, HealthServiceImpl, HealthState } from 'nice-grpc-server-health';
import { ServerReflection, ServerReflectionService } from 'nice-grpc-server-reflection';
import type { Component } from '../../base/lifecycle.ts';
import { HephaestusError } from '../../base/errors.ts';
import { widenServerWindows } from '../../base/http2-window.ts';
import type { Logger } from '../../base/logger.ts';
import {
  AgentServiceDefinition,
  AuditServiceDefinition,
  AuthorityServiceDefinition,
  DeploymentServiceDefinition,
  DetectionServiceDefinition,
  EnrollmentServiceDefinition,
  IncidentServiceDefinition,
  LogServiceDefinition,
  ModelServiceDefinition,
  NodeServiceDefinition,
  OperatorServiceDefinition,
  RepositoryServiceDefinition,
  SecretServiceDefinition,
  SolutionServiceDefinition,
  SystemServiceDefinition,
  descriptorSet,
} from '../../proto/index.ts';
import { authMiddleware, type AuthOptions, type Entrance } from './auth.ts';
import type { CallIdentity } from './call-identity.ts';
import { errorMiddleware } from './errors.ts';
import { claimSocket, guardSocket } from './local-socket.ts';
import { peerInterceptor } from './peer.ts';
import type { CoordinatorCredentials } from './server-credentials.ts';

type Implementation<Definition extends { readonly methods: object }> = Definition extends Parameters<
  Server<{ identity: CallIdentity }>['add']
>[0]
  ? ServiceImplementation<Definition, { identity: CallIdentity }>
  : never;

export interface Services {
  readonly agent: Implementation<typeof AgentServiceDefinition>;
  readonly enrollment: Implementation<typeof EnrollmentServiceDefinition>;
  readonly nodes: Implementation<typeof NodeServiceDefinition>;
  readonly logs: Implementation<typeof LogServiceDefinition>;
  readonly incidents: Implementation<typeof IncidentServiceDefinition>;
  readonly solutions: Implementation<typeof SolutionServiceDefinition>;
  readonly repositories: Implementation<typeof RepositoryServiceDefinition>;
  readonly models: Implementation<typeof ModelServiceDefinition>;
  readonly deployments: Implementation<typeof DeploymentServiceDefinition>;
  readonly detection: Implementation<typeof DetectionServiceDefinition>;
  readonly system: Implementation<typeof SystemServiceDefinition>;
  readonly operators: Implementation<typeof OperatorServiceDefinition>;
  readonly audit: Implementation<typeof AuditServiceDefinition>;
  readonly secrets: Implementation<typeof SecretServiceDefinition>;
  readonly authority: Implementation<typeof AuthorityServiceDefinition>;
}

export interface ApiServerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** Path of the socket for root; empty: none. */
  readonly localSocket: string;
  readonly credentials: CoordinatorCredentials;
  readonly auth: AuthOptions;
  readonly services: Services;
  /** Ends what waits for agents; their streams then end with this reason. */
  readonly endSessions: (reason: HephaestusError) => void;
  readonly logger: Logger;
}

export interface ApiServer extends Component {
  /** 0 while it isn't listening. */
  port(): number;
}

/**
 * 4 MiB allow 50 MB/s at a round trip of 80 ms; what a log stream really has under way is bounded by its credits. A connection's
 * are twice that, so that a log stream that isn't read leaves room for the heartbeats beside it.
 */
const windows = { streamBytes: 4 * 1_048_576, connectionBytes: 8 * 1_048_576 };

/** A batch is at most 1 MiB; what operators send is smaller still, repositories' files apart. */
const largestMessageBytes = 16 * 1_048_576;

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { logger, listen, localSocket } = options;
  const health = HealthState();
  health.setStatus('unhealthy');
  const stopping = new AbortController();
  const server = assemble(options, 'port', stopping.signal, health);
  const local = localSocket === '' ? undefined : assemble(options, 'socket', stopping.signal, health);
  let port = 0;
  let narrow = (): void => undefined;
  return {
    name: 'api-server',
    port: () => port,
    async start() {
      narrow = widenServerWindows(windows);
      try {
        port = await server.listen(listen, options.credentials);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : 'unknown reason';
        throw new HephaestusError({
          code: 'api.cannot-listen',
          kind: 'system',
          message: `cannot listen on ${listen}: ${reason}; choose another address with listen`,
          cause,
        });
      }
      if (local !== undefined) {
        await claimSocket(localSocket);
        await local.listen(`unix:${localSocket}`);
        await guardSocket(localSocket);
      }
      health.setStatus('healthy');
      logger.info('listening', { address: listen, port, localSocket });
    },
    async stop(signal) {
      health.setStatus('unhealthy');
      // Watches and streams never end by themselves.
      const reason = new HephaestusError({
        code: 'coordinator.stopping',
        kind: 'system',
        retry: 'safe',
        message: 'the coordinator is stopping; connect again soon',
      });
      stopping.abort(reason);
      options.endSessions(reason);
      const force = (): void => {
        server.forceShutdown();
        local?.forceShutdown();
      };
      signal.addEventListener('abort', force, { once: true });
      if (signal.aborted) force();
      await Promise.all([server.shutdown(), local?.shutdown()]);
      signal.removeEventListener('abort', force);
      narrow();
      port = 0;
    },
  };
}

/** One server for each entrance: the same services, and a caller's identity by where it came in. */
function assemble(options: ApiServerOptions, entrance: Entrance, stopping: AbortSignal, health: HealthState) {
  const { services, logger } = options;
  const server = createServer({
    interceptors: [peerInterceptor],
    'grpc.max_receive_message_length': largestMessageBytes,
    'grpc.max_send_message_length': -1,
    // An agent that is gone without a word is noticed within a minute.
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 20_000,
    'grpc.enable_channelz': 0,
  })
    .use(errorDetailsServerMiddleware)
    .use(errorMiddleware(logger))
    .use(stopMiddleware(stopping))
    .use(authMiddleware(options.auth, entrance));
  server.add(AgentServiceDefinition, services.agent);
  server.add(EnrollmentServiceDefinition, services.enrollment);
  server.add(NodeServiceDefinition, services.nodes);
  server.add(LogServiceDefinition, services.logs);
  server.add(IncidentServiceDefinition, services.incidents);
  server.add(SolutionServiceDefinition, services.solutions);
  server.add(RepositoryServiceDefinition, services.repositories);
  server.add(DeploymentServiceDefinition, services.deployments);
  server.add(DetectionServiceDefinition, services.detection);
  server.add(ModelServiceDefinition, services.models);
  server.add(SystemServiceDefinition, services.system);
  server.add(OperatorServiceDefinition, services.operators);
  server.add(AuditServiceDefinition, services.audit);
  server.add(SecretServiceDefinition, services.secrets);
  server.add(AuthorityServiceDefinition, services.authority);
  server.add(HealthDefinition, HealthServiceImpl(health));
  server.add(ServerReflectionService, ServerReflection(descriptorSet(), reflected));
  return server;
}

const reflected = [
  AgentServiceDefinition,
  AuditServiceDefinition,
  AuthorityServiceDefinition,
  OperatorServiceDefinition,
  SecretServiceDefinition,
  DeploymentServiceDefinition,
  DetectionServiceDefinition,
  EnrollmentServiceDefinition,
  NodeServiceDefinition,
  LogServiceDefinition,
  IncidentServiceDefinition,
  ModelServiceDefinition,
  SolutionServiceDefinition,
  RepositoryServiceDefinition,
  SystemServiceDefinition,
].map((definition) => definition.fullName);

/** Ends every call when the server stops: its signal aborts, and what it throws then says why. */
function stopMiddleware(stopping: AbortSignal) {
  return async function* endOnStop<Request, Response>(
    call: ServerMiddlewareCall<Request, Response>,
    context: CallContext,
  ): AsyncGenerator<Response, Response | void, undefined> {
    const signal = AbortSignal.any([context.signal, stopping]);
    try {
      return yield* call.next(call.request, { ...context, signal });
    } catch (thrown) {
      if (stopping.aborted && !context.signal.aborted) throw stopping.reason;
      throw thrown;
    }
  };
}
