// Enrolment: trades join tokens and signing requests for node certificates, and renews them.
// Must never hand out a certificate for a node that was removed, or take an identity from what the host says.
import { X509Certificate, verify } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Authorities } from './authorities.ts';
import type { IssuedCertificate } from './certificate-authority.ts';
import type { JoinTokens } from './join-token.ts';
import type { NodeManager } from './node-manager.ts';
import { removedError } from './node-errors.ts';
import type { CertificateTrust, NodeFacts } from './node.ts';

export interface EnrolmentOptions {
  readonly authority: Authorities;
  readonly tokens: JoinTokens;
  readonly nodes: NodeManager;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly certificateLifetimeMs: number;
  /** How long after its end a certificate may still be renewed by proof of its key. */
  readonly renewalGraceMs: number;
}

export interface Enrolled {
  readonly nodeId: string;
  /** PEM, the node's certificate first. */
  readonly certificateChain: string;
  readonly caBundle: string;
  readonly expiresAtMs: number;
}

export class Enrolment {
  readonly #options: EnrolmentOptions;

  constructor(options: EnrolmentOptions) {
    this.#options = options;
  }

  /** @throws HephaestusError `enrolment.token-refused`, `enrolment.request-invalid` */
  async enroll(request: { joinToken: string; signingRequest: Uint8Array; facts: NodeFacts | undefined }): Promise<Enrolled> {
    const { authority, tokens, nodes, logger } = this.#options;
    // Before the token is used up: a broken request must not cost it.
    await authority.checkRequest(request.signingRequest);
    const token = await tokens.use(request.joinToken);
    const bound = token.nodeName !== '';
    const wantedName = bound ? token.nodeName : (request.facts?.hostname ?? '');
    const node = await nodes.admitNode({ wantedName, bound, labels: token.labels, facts: request.facts });
    const issued = await this.#issue(node.id, request.signingRequest);
    await nodes.recordCertificates(node.id, [issued.serial], issued.expiresAtMs, this.#trust());
    logger.info('node enrolled', { nodeId: node.id, node: node.name, tokenId: token.id, expiresAtMs: issued.expiresAtMs });
    return this.#answer(node.id, issued);
  }

  /** For a node that proved itself with its certificate on this connection. */
  async renew(nodeId: string, usedSerial: string, signingRequest: Uint8Array): Promise<Enrolled> {
    const { nodes, logger } = this.#options;
    if (!nodes.accepts(nodeId, usedSerial)) throw removedError(nodeId);
    const issued = await this.#issue(nodeId, signingRequest);
    // The one that was used stays good, in case this answer is lost.
    await nodes.recordCertificates(nodeId, [issued.serial, usedSerial], issued.expiresAtMs, this.#trust());
    logger.info('node certificate renewed', { nodeId, expiresAtMs: issued.expiresAtMs });
    return this.#answer(nodeId, issued);
  }

  /**
   * For a certificate that expired within the grace period.
   * @param proof signature by the old key over the new request (DER): SHA-256 with ECDSA (DER-encoded), or Ed25519
   */
  async renewExpired(request: { expiredCertificate: string; proof: Uint8Array; signingRequest: Uint8Array }): Promise<Enrolled> {
    const { authority, clock, renewalGraceMs } = this.#options;
    const certificate = readCertificate(request.expiredCertificate);
    if (certificate === undefined || !(await authority.signed(certificate.toString()))) throw refused('is not of this coordinator');
    const digest = certificate.publicKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    if (!verify(digest, request.signingRequest, certificate.publicKey, request.proof)) throw refused('does not belong to the proof');
    if (clock.now() > certificate.validToDate.getTime() + renewalGraceMs) {
      throw refused('expired too long ago; enrol the host again with a new join token');
    }
    const nodeId = nodeIdOf(certificate, authority);
    if (nodeId === undefined) throw refused('names no node');
    return this.renew(nodeId, certificate.serialNumber.toLowerCase(), request.signingRequest);
  }

  async #issue(nodeId: string, signingRequest: Uint8Array): Promise<IssuedCertificate> {
    const { authority, certificateLifetimeMs, clock } = this.#options;
    return authority.issueNodeCertificate(nodeId, signingRequest, certificateLifetimeMs, clock.now());
  }

  #answer(nodeId: string, issued: IssuedCertificate): Enrolled {
    const { bundle, current } = this.#options.authority;
    // Where another authority signed ours, peers need what lies between.
    const between = current.certificate.slice(0, current.certificate.length - current.anchor.length);
    const certificateChain = `${issued.certificate.trim()}\n${between}`;
    return { nodeId, certificateChain, caBundle: bundle, expiresAtMs: issued.expiresAtMs };
  }

  /** What the node holds from this answer on. */
  #trust(): CertificateTrust {
    const { current, trustedHashes } = this.#options.authority;
    return { issuer: current.hash, trusts: trustedHashes };
  }
}

/** The node that a certificate names (its only URI SAN), or undefined. */
export function nodeIdOf(
  certificate: { readonly subjectAltName: string | undefined },
  authority: { spiffeId(nodeId: string): string },
): string | undefined {
  const names = (certificate.subjectAltName ?? '').split(', ');
  const prefix = `URI:${authority.spiffeId('')}`;
  const [name] = names;
  if (names.length !== 1 || name === undefined || !name.startsWith(prefix)) return undefined;
  const nodeId = name.slice(prefix.length);
  return /^[0-9A-Z]{26}$/.test(nodeId) ? nodeId : undefined;
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    // Not a certificate: refused by the caller like a foreign one.
    return undefined;
  }
}

function refused(message: string): HephaestusError {
  return new HephaestusError({ code: 'enrolment.certificate-refused', kind: 'validation', message: `the expired certificate ${message}` });
}
