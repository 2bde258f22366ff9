// The TLS side of the port: our certificate, client certificates asked for but not demanded.
// Must never decide who may call what; a connection without a certificate only gets to what auth.ts lets through.
import type { SecureServerOptions } from 'node:http2';
import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { KeyedCertificate } from '../nodes/certificate-authority.ts';

export class CoordinatorCredentials extends ServerCredentials {
  /** @param trusted PEM, who may have signed a client's certificate @param chain PEM, what follows on ours up to the root */
  constructor(trusted: string, chain: string, certificate: KeyedCertificate) {
    const server: SecureServerOptions = {
      // Operators and enrolling hosts have none, so that it can't be demanded here; `authorized` tells auth.ts what it is worth.
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
    };
    super(server, contextOf(trusted, chain, certificate));
  }

  /** From now on new connections get this certificate; those that are open stay. */
  replace(trusted: string, chain: string, certificate: KeyedCertificate): void {
    this.updateSecureContextOptions(contextOf(trusted, chain, certificate));
  }

  override _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}

/** The chain ends in our authority, so that an agent can compare its key with the hash in the join token. */
function contextOf(trusted: string, chain: string, { certificate, key }: KeyedCertificate): SecureContextOptions {
  return { ca: trusted, cert: `${certificate.trim()}\n${chain.trim()}\n`, key };
}
