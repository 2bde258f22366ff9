// An operator's connection to the coordinator: TLS against its authority, a bearer token on every call, a deadline on each.
// Must never print; it turns gRPC's failures into errors that say what to do.
import { isIP } from 'node:net';
import {
  ChannelCredentials,
  ClientError,
  Metadata,
  Status,
  createChannel,
  createClientFactory,
  type Client,
  type ClientFactory,
  type ClientMiddleware,
} from 'nice-grpc';
import { deadlineMiddleware, type DeadlineOptions } from 'nice-grpc-client-middleware-deadline';
import { BadRequest, RichClientError, errorDetailsClientMiddleware } from 'nice-grpc-error-details';
import { HephaestusError, type ErrorDetail } from '../../base/errors.ts';
import {
  AuditServiceDefinition,
  AuthorityServiceDefinition,
  DeploymentServiceDefinition,
  DetectionServiceDefinition,
  IncidentServiceDefinition,
  LogServiceDefinition,
  ModelServiceDefinition,
  NodeServiceDefinition,
  OperatorServiceDefinition,
  RepositoryServiceDefinition,
  SecretServiceDefinition,
  SolutionServiceDefinition,
  SystemServiceDefinition,
} from '../../proto/index.ts';

/** Every coordinator's certificate carries this name, so that any address of it works. */
const coordinatorName = 'hephaestus-coordinator';

export interface OperatorConnection {
  readonly nodes: Client<typeof NodeServiceDefinition, DeadlineOptions>;
  readonly logs: Client<typeof LogServiceDefinition, DeadlineOptions>;
  readonly incidents: Client<typeof IncidentServiceDefinition, DeadlineOptions>;
  readonly solutions: Client<typeof SolutionServiceDefinition, DeadlineOptions>;
  readonly repositories: Client<typeof RepositoryServiceDefinition, DeadlineOptions>;
  readonly models: Client<typeof ModelServiceDefinition, DeadlineOptions>;
  readonly deployments: Client<typeof DeploymentServiceDefinition, DeadlineOptions>;
  readonly detection: Client<typeof DetectionServiceDefinition, DeadlineOptions>;
  readonly system: Client<typeof SystemServiceDefinition, DeadlineOptions>;
  readonly operators: Client<typeof OperatorServiceDefinition, DeadlineOptions>;
  readonly authority: Client<typeof AuthorityServiceDefinition, DeadlineOptions>;
  readonly audit: Client<typeof AuditServiceDefinition, DeadlineOptions>;
  readonly secrets: Client<typeof SecretServiceDefinition, DeadlineOptions>;
  close(): void;
}

export interface ConnectionOptions {
  /** `host:port`, or `unix:/path` of the coordinator's local socket. */
  readonly address: string;
  /** Neither is needed for the local socket. */
  readonly caPem: Buffer | undefined;
  readonly token: string | undefined;
  /** Of each call that isn't a stream, milliseconds. */
  readonly timeoutMs: number;
}

export function connectOperator(options: ConnectionOptions): OperatorConnection {
  const isLocal = options.address.startsWith('unix:');
  const credentials = isLocal ? ChannelCredentials.createInsecure() : ChannelCredentials.createSsl(options.caPem);
  // With slashes, or nice-grpc takes it for a host without a port.
  const address = isLocal ? options.address.replace(/^unix:(?:\/\/)?/, 'unix://') : options.address;
  const channel = createChannel(address, credentials, {
    ...(isLocal ? {} : { 'grpc.ssl_target_name_override': coordinatorName }),
    // A node's or a proposal's page is larger than gRPC's default of 4 MiB allows at 1,000 items.
    'grpc.max_receive_message_length': 64 * 1024 * 1024,
    ...(isIP(options.address.split(':')[0] ?? '') === 0 ? {} : { 'grpc.default_authority': coordinatorName }),
  });
  const authorize: ClientMiddleware<object, DeadlineOptions> = async function* authorize(call, callOptions) {
    const metadata = Metadata(callOptions.metadata);
    if (options.token !== undefined) metadata.set('authorization', `Bearer ${options.token}`);
    const deadline = callOptions.deadline ?? (call.responseStream ? undefined : options.timeoutMs);
    return yield* call.next(call.request, { ...callOptions, metadata, ...(deadline === undefined ? {} : { deadline }) });
  };
  const factory: ClientFactory<DeadlineOptions> = createClientFactory()
    .use(errorDetailsClientMiddleware)
    .use(deadlineMiddleware)
    .use(authorize);
  return {
    nodes: factory.create(NodeServiceDefinition, channel),
    logs: factory.create(LogServiceDefinition, channel),
    incidents: factory.create(IncidentServiceDefinition, channel),
    solutions: factory.create(SolutionServiceDefinition, channel),
    repositories: factory.create(RepositoryServiceDefinition, channel),
    models: factory.create(ModelServiceDefinition, channel),
    deployments: factory.create(DeploymentServiceDefinition, channel),
    detection: factory.create(DetectionServiceDefinition, channel),
    system: factory.create(SystemServiceDefinition, channel),
    operators: factory.create(OperatorServiceDefinition, channel),
    audit: factory.create(AuditServiceDefinition, channel),
    authority: factory.create(AuthorityServiceDefinition, channel),
    secrets: factory.create(SecretServiceDefinition, channel),
    close: () => channel.close(),
  };
}

/** What a failed call means for the person who made it. `address` is the coordinator's. */
export function explainFailure(thrown: unknown, address: string): HephaestusError {
  if (!(thrown instanceof ClientError)) return HephaestusError.from(thrown);
  const make = (code: string, kind: 'validation' | 'operational', message: string) =>
    new HephaestusError({ code, kind, message, details: fieldsAtFault(thrown), cause: thrown });
  switch (thrown.code) {
    case Status.UNAVAILABLE:
      return make('coordinator.unreachable', 'operational', unreachable(thrown.details, address));
    case Status.DEADLINE_EXCEEDED:
      return make(
        'coordinator.unreachable',
        'operational',
        `the coordinator at ${address} did not answer in time; see its log, or raise --timeout`,
      );
    case Status.UNAUTHENTICATED:
      return make(
        'operator.unauthenticated',
        'validation',
        `the coordinator does not accept the token: ${thrown.details}; give another by --token-file`,
      );
    case Status.PERMISSION_DENIED:
      return make('operator.forbidden', 'validation', `not allowed: ${thrown.details}`);
    default:
      return make('coordinator.refused', 'operational', thrown.details || `the coordinator failed with ${Status[thrown.code]}`);
  }
}

function fieldsAtFault(error: ClientError): ErrorDetail[] {
  if (!(error instanceof RichClientError)) return [];
  return error.extra.flatMap((detail) =>
    detail.$type === BadRequest.$type ? detail.fieldViolations.map((each) => ({ path: each.field, message: each.description })) : [],
  );
}

function unreachable(details: string, address: string): string {
  if (/certificate|self[- ]signed|altnames|SSL|TLS/i.test(details)) {
    return `the coordinator at ${address} shows a certificate that --ca does not vouch for (${details}); give the CA file of that coordinator`;
  }
  // grpc-js wraps the one useful sentence.
  const cause = details.replace(/^No connection established\. Last error: (Error: )?/, '').replace(/\.? Resolution note:.*$/, '');
  return `cannot reach the coordinator at ${address} (${cause}); is it running, and is --coordinator right?`;
}
