// How a host becomes a node: the join token is traded for a certificate, and the certificate for a fresh one in time.
// Must never send anything to a coordinator that the token does not vouch for, nor the private key to anybody.
import { createPrivateKey, sign } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { HostFacts } from '../record.ts';
import { showCoordinatorAddress, type CoordinatorAddress } from './coordinator-address.ts';
import { createCertificateRequest, generateNodeKey } from './certificate-request.ts';
import { explainCallFailure, openConnection, type Connection } from './connection.ts';
import type { JoinToken } from './join-token.ts';
import { readCredentials, type CredentialsStore, type NodeCredentials } from './node-credentials.ts';
import { fetchPinnedAuthority } from './pinned-authority.ts';
import { writeFacts } from './report-wire.ts';

export interface EnrolmentOptions {
  readonly address: CoordinatorAddress;
  readonly store: CredentialsStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For each step. Default 15,000 ms. */
  readonly timeoutMs?: number | undefined;
}

const defaultTimeoutMs = 15_000;

/**
 * Trades the token for a certificate and keeps it.
 * @throws `coordinator.unreachable`, `enrolment.not-trusted`, or `enrolment.refused` for a token that is wrong, expired or used up.
 */
export async function enrol(options: EnrolmentOptions, token: JoinToken, facts: HostFacts, signal?: AbortSignal): Promise<NodeCredentials> {
  const { address, store, logger } = options;
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const authorityPem = await fetchPinnedAuthority(address, token.authorityHash, { timeoutMs, nowMs: options.clock.now(), signal });
  // Kept before it is used: if the answer gets lost, the same key asks again, and the coordinator can tell.
  const keyPem = (await store.loadPendingKey()) ?? generateNodeKey();
  await store.savePendingKey(keyPem);

  const connection = openConnection({ address, authoritiesPem: authorityPem });
  try {
    const response = await connection.enrollment.enroll(
      {
        joinToken: token.text.reveal(),
        certificateSigningRequest: createCertificateRequest(keyPem),
        facts: writeFacts(facts),
      },
      { signal: limit(timeoutMs, signal) },
    );
    const credentials = readCredentials(keyPem, response.certificateChain, response.caBundle);
    await store.save(credentials);
    logger.info('enrolled', { nodeId: credentials.nodeId, coordinator: showCoordinatorAddress(address), tokenId: token.id });
    return credentials;
  } catch (error) {
    throw explainRefusedToken(explainCallFailure(error, address), token);
  } finally {
    connection.close();
  }
}

/** A fresh key and certificate over a connection that the old one holds open. The streams stay as they are. */
export async function renew(
  options: EnrolmentOptions,
  connection: Connection,
  credentials: NodeCredentials,
  signal?: AbortSignal,
): Promise<NodeCredentials> {
  return requestRenewal(options, connection, credentials, 'valid', signal);
}

/**
 * For a certificate that expired while the agent was off: proves that the old key is still held.
 * @throws as enrol; `coordinator.unauthenticated` or `coordinator.refused` if it expired too long ago or the node was removed.
 */
export async function renewExpired(
  options: EnrolmentOptions,
  credentials: NodeCredentials,
  signal?: AbortSignal,
): Promise<NodeCredentials> {
  const connection = openConnection({ address: options.address, authoritiesPem: credentials.authoritiesPem });
  try {
    return await requestRenewal(options, connection, credentials, 'expired', signal);
  } finally {
    connection.close();
  }
}

async function requestRenewal(
  options: EnrolmentOptions,
  connection: Connection,
  credentials: NodeCredentials,
  state: 'valid' | 'expired',
  signal: AbortSignal | undefined,
): Promise<NodeCredentials> {
  const keyPem = generateNodeKey();
  const request = createCertificateRequest(keyPem);
  const proof =
    state === 'valid'
      ? {}
      : { expiredCertificate: credentials.chainPem, proof: sign('sha256', request, createPrivateKey(credentials.keyPem)) };
  try {
    const response = await connection.enrollment.renew(
      { certificateSigningRequest: request, ...proof },
      { signal: limit(options.timeoutMs ?? defaultTimeoutMs, signal) },
    );
    const renewed = readCredentials(keyPem, response.certificateChain, response.caBundle);
    await options.store.save(renewed);
    options.logger.info('certificate renewed', { nodeId: renewed.nodeId, expiresAt: new Date(renewed.expiresAtMs).toISOString() });
    return renewed;
  } catch (error) {
    throw explainCallFailure(error, options.address);
  }
}

function explainRefusedToken(failure: HephaestusError, token: JoinToken): HephaestusError {
  if (failure.code !== 'coordinator.unauthenticated' && failure.code !== 'coordinator.refused') return failure;
  return new HephaestusError({
    code: 'enrolment.refused',
    kind: 'validation',
    message: `join token ${token.id} was not taken: ${failure.message}. Create a new one with "hephaestusctl tokens create".`,
    cause: failure,
  });
}

function limit(timeoutMs: number, signal: AbortSignal | undefined): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]);
}
