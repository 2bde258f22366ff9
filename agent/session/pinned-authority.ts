// Finds out, before anything is sent, whether the coordinator is the one that a join token speaks of.
// Must never send application data: it completes a handshake, looks at the certificates and hangs up.
import type { X509Certificate } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import { HephaestusError } from '../../base/errors.ts';
import { spkiSha256 } from '../../base/tls.ts';
import { coordinatorName, showCoordinatorAddress, type CoordinatorAddress } from './coordinator-address.ts';

/** A presented chain is leaf, perhaps intermediates, authority; longer ones are nobody's honest set-up. */
const longestChain = 8;

/**
 * Fetches the coordinator's chain and returns its authority (PEM), after proving that the authority's key has the token's
 * hash, that it signed the coordinator's certificate, and that this certificate bears the coordinator's name.
 * @throws `coordinator.unreachable`, or `enrolment.not-trusted` if one of these doesn't hold.
 */
export async function fetchPinnedAuthority(
  address: CoordinatorAddress,
  authorityHash: string,
  options: { readonly timeoutMs: number; readonly nowMs: number; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const chain = await fetchChain(address, options.timeoutMs, options.signal);
  const verdict = judgeChain(chain, authorityHash, options.nowMs);
  if (verdict.kind === 'trusted') return verdict.authority.toString();
  throw new HephaestusError({
    code: 'enrolment.not-trusted',
    kind: 'validation',
    message:
      `${showCoordinatorAddress(address)} is not the coordinator that the join token was made by: ${verdict.reason}. ` +
      'Nothing was sent. Check the address, or create a new token on the coordinator that is meant.',
  });
}

export type ChainVerdict =
  | { readonly kind: 'trusted'; readonly authority: X509Certificate }
  | { readonly kind: 'refused'; readonly reason: string };

/** Pure. `chain` begins with the server's own certificate. */
export function judgeChain(chain: readonly X509Certificate[], authorityHash: string, nowMs: number): ChainVerdict {
  const refused = (reason: string): ChainVerdict => ({ kind: 'refused', reason });
  const [leaf] = chain;
  if (leaf === undefined) return refused('it presented no certificate');
  const index = chain.findIndex((certificate) => spkiSha256(certificate) === authorityHash);
  const authority = chain[index];
  if (authority === undefined) return refused('none of the certificates that it presented has the authority key that the token names');
  if (index === 0 || !authority.ca) return refused('the key that the token names is not that of a certificate authority');
  for (const [position, certificate] of chain.slice(0, index).entries()) {
    const issuer = chain[position + 1];
    if (issuer === undefined || !issuer.ca || !certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey))
      return refused('its certificate was not signed by the authority that the token names');
  }
  for (const certificate of chain.slice(0, index + 1)) {
    if (nowMs < certificate.validFromDate.getTime())
      return refused(`a certificate is valid only from ${certificate.validFrom}; check this host's clock`);
    if (nowMs > certificate.validToDate.getTime())
      return refused(`a certificate expired on ${certificate.validTo}; check this host's clock`);
  }
  if (leaf.checkHost(coordinatorName) === undefined) return refused(`its certificate is not one for ${coordinatorName}`);
  return { kind: 'trusted', authority };
}

async function fetchChain(
  address: CoordinatorAddress,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<readonly X509Certificate[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly X509Certificate[]>();
  // Not verified by the library, because the authority is not known yet; judgeChain verifies.
  const socket = connect({ ...address, servername: coordinatorName, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]);
  const giveUp = (): void => reject(unreachable(address, `no answer to the TLS handshake within ${timeoutMs} ms`, limit.reason));
  limit.addEventListener('abort', giveUp, { once: true });
  socket.once('secureConnect', () => resolve(chainOf(socket)));
  socket.once('error', (error: Error) => reject(unreachable(address, error.message, error)));
  socket.once('close', () => reject(unreachable(address, 'the connection was closed during the TLS handshake', undefined)));
  try {
    return await promise;
  } finally {
    limit.removeEventListener('abort', giveUp);
    socket.destroy();
  }
}

function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && chain.length < longestChain) {
    const { fingerprint256 } = certificate;
    if (chain.some((seen) => seen.fingerprint256 === fingerprint256)) break;
    chain.push(certificate);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

function unreachable(address: CoordinatorAddress, reason: string, cause: unknown): HephaestusError {
  return new HephaestusError({
    code: 'coordinator.unreachable',
    kind: 'operational',
    retry: 'safe',
    message: `cannot reach the coordinator at ${showCoordinatorAddress(address)}: ${reason}. Check the address, the network and that the coordinator runs.`,
    cause,
  });
}
