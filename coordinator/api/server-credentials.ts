// The TLS side of the port: our certificate, client certificates asked for but not demanded.
// Must never decide who may call what; a connection without a certificate only gets to what auth.ts lets through.
import type { SecureServerOptions } from 'node:http2';
import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { KeyedCertificate } from '../nodes/certificate-authority.ts';

export class CoordinatorCredentials extends ServerCredentials {
  readonly #ca: string;

  constructor(ca: string, certificate: KeyedCertificate) {
    const server: SecureServerOptions = {
      // Operators and enrolling hosts have none, so that it can't be demanded here; `authorized` tells auth.ts what it is worth.
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
    };
    super(server, contextOf(ca, certificate));
    this.#ca = ca;
  }

  /** From now on new connections get this certificate; those that are open stay. */
  replaceCertificate(certificate: KeyedCertificate): void {
    this.updateSecureContextOptions(contextOf(this.#ca, certificate));
  }

  override _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}

/** The chain ends in our authority, so that an agent can compare its key with the hash in the join token. */
function contextOf(ca: string, { certificate, key }: KeyedCertificate): SecureContextOptions {
  return { ca, cert: `${certificate.trim()}\n${ca.trim()}\n`, key };
}
