// Sees to it that the node always has a certificate that holds: enrols, renews at half life, renews an expired one.
// Must never end a running session; it says when a new connection should use the new certificate.
import { backoffMs } from '../../base/backoff.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { HostFacts } from '../record.ts';
import type { Connection } from './connection.ts';
import { enrol, renew, renewExpired, type EnrolmentOptions } from './enrolment.ts';
import type { JoinToken } from './join-token.ts';
import type { NodeCredentials } from './node-credentials.ts';

export interface CertificateKeeperOptions extends EnrolmentOptions {
  /** Asked only when the node isn't enrolled. */
  readonly joinToken: () => Promise<JoinToken | undefined>;
  readonly facts: () => Promise<HostFacts>;
}

export interface CertificateKeeper {
  /** What the node has now; enrols or renews first if it has nothing that holds. @throws as enrol and renewExpired; `node.not-enrolled` */
  ensure(signal: AbortSignal): Promise<NodeCredentials>;
  /** Proves the old key to get a new certificate, because the coordinator took the present one no longer. */
  replace(signal: AbortSignal): Promise<void>;
  /** Renews over a connection, now. */
  rotate(connection: Connection, signal: AbortSignal): Promise<void>;
  /**
   * Renews at half of the life of the certificate that the connection was made with, and resolves at three quarters of it,
   * when another connection should replace this one. Rejects only with the signal's reason.
   */
  keepFresh(connection: Connection, signal: AbortSignal): Promise<void>;
  current(): NodeCredentials | undefined;
}

/** Renewals of a fleet that was enrolled at the same moment are spread over a tenth of their life. */
const spread = 0.1;
const retryBackoff = { baseMs: 5000, maxMs: 300_000, minMs: 1000 };

export function createCertificateKeeper(options: CertificateKeeperOptions): CertificateKeeper {
  const { clock, logger, store } = options;
  let credentials: NodeCredentials | undefined;

  async function ensure(signal: AbortSignal): Promise<NodeCredentials> {
    credentials ??= await loadOrEnrol(signal);
    if (clock.now() >= credentials.expiresAtMs) {
      logger.warn('the certificate expired while the agent was off; renewing it', {
        expiredAt: new Date(credentials.expiresAtMs).toISOString(),
      });
      credentials = await renewExpired(options, credentials, signal);
    }
    return credentials;
  }

  async function loadOrEnrol(signal: AbortSignal): Promise<NodeCredentials> {
    const stored = await store.load();
    if (stored.kind === 'present') return stored.credentials;
    if (stored.kind === 'damaged') logger.warn('the credentials on disk are no use; the node is enrolled again', { reason: stored.reason });
    const token = await options.joinToken();
    if (token === undefined) {
      throw new HephaestusError({
        code: 'node.not-enrolled',
        kind: 'validation',
        message:
          'this host is not enrolled and there is no join token. Create one with "hephaestusctl tokens create" and run ' +
          '"hephaestus-agent enroll --token-file FILE", or name the file in the setting joinTokenFile.',
      });
    }
    return enrol(options, token, await options.facts(), signal);
  }

  async function rotate(connection: Connection, signal: AbortSignal): Promise<void> {
    if (credentials !== undefined) credentials = await renew(options, connection, credentials, signal);
  }

  async function sleepUntil(momentMs: number, signal: AbortSignal): Promise<void> {
    await clock.sleep(Math.max(0, momentMs - clock.now()), signal);
  }

  return {
    ensure,
    rotate,
    current: () => credentials,
    async replace(signal) {
      if (credentials !== undefined) credentials = await renewExpired(options, credentials, signal);
    },
    async keepFresh(connection, signal) {
      const used = credentials;
      if (used === undefined) return;
      const lifeMs = used.expiresAtMs - used.validFromMs;
      await sleepUntil(used.validFromMs + lifeMs * (0.5 + Math.random() * spread), signal);
      // Somebody may have asked for a rotation meanwhile.
      for (let attempt = 0; credentials === used; attempt += 1) {
        try {
          await rotate(connection, signal);
        } catch (error) {
          signal.throwIfAborted();
          logger.warn('the certificate could not be renewed, trying again', {
            err: error,
            expiresAt: new Date(used.expiresAtMs).toISOString(),
          });
          await clock.sleep(Math.min(backoffMs(attempt, retryBackoff), lifeMs / 20), signal);
        }
      }
      await sleepUntil(used.validFromMs + lifeMs * (0.75 + Math.random() * spread), signal);
    },
  };
}
