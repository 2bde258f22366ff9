// One mutual-TLS connection to the coordinator and the clients that speak on it.
// Must never reconnect or retry by itself: a connection that broke is closed, and session.ts opens another.
import { createSecureContext } from 'node:tls';
import { ChannelCredentials, connectivityState, type ChannelOptions } from '@grpc/grpc-js';
import { ClientError, Status, createChannel, createClient, type CallOptions } from 'nice-grpc';
import {
  AgentServiceDefinition,
  EnrollmentServiceDefinition,
  type AgentServiceClient,
  type EnrollmentServiceClient,
  type StreamLogsResponse,
} from '../../proto/index.ts';
import { HephaestusError, isHephaestusError } from '../../base/errors.ts';
import { OwnedCredentials } from './owned-credentials.ts';
import type { EncodedRequest } from './wire.ts';
import { coordinatorName, showCoordinatorAddress, type CoordinatorAddress } from './coordinator-address.ts';

/** Log streams are given whole messages in bytes. */
export interface AgentClient extends Pick<AgentServiceClient, 'control'> {
  streamLogs(requests: AsyncIterable<EncodedRequest>, options?: CallOptions): AsyncIterable<StreamLogsResponse>;
}

export interface Connection {
  readonly agent: AgentClient;
  readonly enrollment: EnrollmentServiceClient;
  /** Calls back once when the connection, having been up, breaks or is asked to end (GOAWAY); running streams may go on for a while. */
  onGoingAway(listener: () => void): void;
  close(): void;
}

export interface ConnectionOptions {
  readonly address: CoordinatorAddress;
  /** PEM; only these are trusted. */
  readonly authoritiesPem: string;
  /** The node's; without one only the enrolment service answers. */
  readonly identity?: { readonly keyPem: string; readonly chainPem: string } | undefined;
  /** A silent connection is pinged after so long, and given up after as long again. Default 10,000 ms, so that it is noticed within 20 s. */
  readonly keepaliveMs?: number | undefined;
}

/** Nothing is left to be encoded: a batch is written as bytes once (batch-message.ts). */
const encodedRequest = {
  encode: (request: EncodedRequest) => ({ finish: () => request }),
  decode: (bytes: Uint8Array): EncodedRequest => bytes,
};

const { streamLogs } = AgentServiceDefinition.methods;
const encodedAgentService = {
  ...AgentServiceDefinition,
  methods: { ...AgentServiceDefinition.methods, streamLogs: { ...streamLogs, requestType: encodedRequest } },
} as const;

/** For the last frames of streams that were ended. */
const goodbyeMs = 1000;

/** Above the protocol's largest batch (1 MiB of payload) with its record lengths. */
const largestMessageBytes = 4 * 1024 * 1024;

export function openConnection(options: ConnectionOptions): Connection {
  const { address, authoritiesPem, identity } = options;
  const context = createSecureContext({
    ca: authoritiesPem,
    minVersion: 'TLSv1.3',
    ...(identity === undefined ? {} : { key: identity.keyPem, cert: identity.chainPem }),
  });
  const keepaliveMs = options.keepaliveMs ?? 10_000;
  const channelOptions: ChannelOptions = {
    'grpc.ssl_target_name_override': coordinatorName,
    'grpc.default_authority': coordinatorName,
    'grpc.keepalive_time_ms': keepaliveMs,
    'grpc.keepalive_timeout_ms': keepaliveMs,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.enable_retries': 0,
    'grpc.max_send_message_length': largestMessageBytes,
    'grpc.max_receive_message_length': largestMessageBytes,
    // Otherwise a new channel would share the broken connection of the old one.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_channelz': 0,
    'grpc.service_config_disable_resolution': 1,
  };
  const credentials = new OwnedCredentials(ChannelCredentials.createFromSecureContext(context));
  const channel = createChannel(`https://${showCoordinatorAddress(address)}`, credentials, channelOptions);
  let isClosed = false;
  return {
    agent: createClient(encodedAgentService, channel),
    enrollment: createClient(EnrollmentServiceDefinition, channel),
    onGoingAway(listener) {
      const watch = (): void => {
        const state = channel.getConnectivityState(false);
        if (isClosed) return;
        if (state !== connectivityState.READY) {
          listener();
          return;
        }
        channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, watch);
      };
      watch();
    },
    close() {
      isClosed = true;
      channel.close();
      // A healthy connection says goodbye first; one that doesn't answer is cut.
      setTimeout(() => credentials.destroySockets(), goodbyeMs).unref();
    },
  };
}

/** What OpenSSL and Node say when a chain can't be verified; gRPC passes it on as text only. */
const untrusted =
  /self[- ]signed certificate|unable to (?:get|verify)|certificate signature|certificate has expired|not yet valid|altname|unsupported certificate|CERT_|bad certificate/i;

/**
 * What a failed call means: `coordinator.unreachable`, `coordinator.not-trusted`, `coordinator.refused` (not allowed),
 * `coordinator.unauthenticated` (the certificate is no longer taken), or `coordinator.failed`.
 */
export function explainCallFailure(error: unknown, address: CoordinatorAddress): HephaestusError {
  if (isHephaestusError(error)) return error;
  const place = showCoordinatorAddress(address);
  // Callers look at their own signal first; what is left is the time limit of the call.
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')) {
    const message = `the coordinator at ${place} did not answer in time. Check the address, the network and that the coordinator runs.`;
    return new HephaestusError({ code: 'coordinator.unreachable', kind: 'operational', retry: 'ambiguous', message, cause: error });
  }
  if (!(error instanceof ClientError)) return HephaestusError.from(error);
  const failure = (
    code: string,
    message: string,
    retry: 'safe' | 'ambiguous' | 'never',
    kind: 'operational' | 'validation',
  ): HephaestusError => new HephaestusError({ code, kind, retry, message, cause: error });
  switch (error.code) {
    case Status.UNAVAILABLE:
      if (untrusted.test(error.details)) {
        return failure(
          'coordinator.not-trusted',
          `${place} presents a certificate that this node's authorities did not sign: ${error.details}. ` +
            'Check the address; if the coordinator was set up anew, enrol this node again.',
          'safe',
          'validation',
        );
      }
      return failure('coordinator.unreachable', `cannot reach the coordinator at ${place}: ${error.details}`, 'safe', 'operational');
    case Status.DEADLINE_EXCEEDED:
    case Status.CANCELLED:
      return failure(
        'coordinator.unreachable',
        `the coordinator at ${place} did not answer in time: ${error.details}`,
        'ambiguous',
        'operational',
      );
    case Status.UNAUTHENTICATED:
      return failure(
        'coordinator.unauthenticated',
        `the coordinator at ${place} does not take this node's proof: ${error.details}`,
        'never',
        'validation',
      );
    case Status.PERMISSION_DENIED:
      return failure('coordinator.refused', `the coordinator at ${place} refuses this node: ${error.details}`, 'never', 'validation');
    default:
      return failure(
        'coordinator.failed',
        `the coordinator at ${place} answered ${Status[error.code]}: ${error.details}`,
        'safe',
        'operational',
      );
  }
}
