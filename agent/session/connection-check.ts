// Tries once whether the coordinator can be reached and is the one that this node trusts.
// Must never send anything of the node's but its certificate.
import { connect } from 'node:tls';
import { HephaestusError } from '../../base/errors.ts';
import { coordinatorName, showCoordinatorAddress, type CoordinatorAddress } from './coordinator-address.ts';
import type { NodeCredentials } from './node-credentials.ts';

export type ConnectionCheck =
  | { readonly kind: 'trusted'; readonly expiresAtMs: number }
  /** Something speaks TLS there; without credentials nothing says whether it is ours. */
  | { readonly kind: 'reachable' }
  | { readonly kind: 'not-trusted'; readonly reason: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

const timeoutMs = 10_000;

export function checkConnection(address: CoordinatorAddress, credentials: NodeCredentials | undefined): Promise<ConnectionCheck> {
  const { promise, resolve } = Promise.withResolvers<ConnectionCheck>();
  const socket = connect({
    host: address.host,
    port: address.port,
    servername: coordinatorName,
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.3',
    // Judged below, so that its reason can be told.
    rejectUnauthorized: false,
    ...(credentials === undefined ? {} : { ca: credentials.authoritiesPem, key: credentials.keyPem, cert: credentials.chainPem }),
  });
  socket.setTimeout(timeoutMs, () => {
    const reason = `${showCoordinatorAddress(address)} did not answer within ${timeoutMs / 1000} s`;
    resolve({ kind: 'unreachable', reason });
    socket.destroy();
  });
  socket.once('error', (error) => resolve({ kind: 'unreachable', reason: HephaestusError.from(error).message }));
  socket.once('secureConnect', () => {
    if (credentials === undefined) resolve({ kind: 'reachable' });
    else if (socket.authorized) resolve({ kind: 'trusted', expiresAtMs: Date.parse(socket.getPeerCertificate().valid_to) });
    else resolve({ kind: 'not-trusted', reason: String(socket.authorizationError) });
    socket.destroy();
  });
  return promise;
}
