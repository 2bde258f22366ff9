// A certificate authority for one test: issues a coordinator's and nodes' certificates with whatever life a test wants.
// Must never be used outside of tests; its key is in memory and nothing is revoked.
import 'reflect-metadata';
import { createHash, createPublicKey, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
  type PublicKey,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
const hourMs = 3_600_000;

export interface Life {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ThrowawayAuthority {
  readonly pem: string;
  /** SHA-256 (hex) of its SubjectPublicKeyInfo. */
  readonly keyHash: string;
  /** Chain with the authority at its end. */
  issueServer(names?: readonly string[], life?: Life): Promise<{ readonly keyPem: string; readonly chainPem: string }>;
  /** @param request PKCS#10, DER. @throws if its signature is wrong */
  issueNode(nodeId: string, request: Uint8Array, life?: Life): Promise<string>;
}

export async function createThrowawayAuthority(commonName = 'throwaway authority'): Promise<ThrowawayAuthority> {
  const keys = await generateKeys();
  const authority = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm,
    ...validity(hourLife()),
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  const pem = `${authority.toString('pem')}\n`;

  async function issue(
    publicKey: PublicKey | webcrypto.CryptoKey,
    names: { type: 'dns' | 'url'; value: string }[],
    life: Life,
  ): Promise<X509Certificate> {
    return X509CertificateGenerator.create({
      subject: 'CN=issued',
      issuer: authority.subject,
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm,
      ...validity(life),
      extensions: [new BasicConstraintsExtension(false), new SubjectAlternativeNameExtension(names)],
    });
  }

  return {
    pem,
    keyHash: createHash('sha256')
      .update(createPublicKey(pem).export({ type: 'spki', format: 'der' }))
      .digest('hex'),
    async issueServer(names = ['hephaestus-coordinator'], life = hourLife()) {
      const serverKeys = await generateKeys();
      const leaf = await issue(
        serverKeys.publicKey,
        names.map((value) => ({ type: 'dns', value })),
        life,
      );
      return { keyPem: await exportKey(serverKeys.privateKey), chainPem: `${leaf.toString('pem')}\n${pem}` };
    },
    async issueNode(nodeId, request, life = hourLife()) {
      const parsed = new Pkcs10CertificateRequest(new Uint8Array(request));
      if (!(await parsed.verify())) throw new Error('the request is not signed by its key');
      const leaf = await issue(parsed.publicKey, [{ type: 'url', value: `spiffe://hephaestus.test/node/${nodeId}` }], life);
      return `${leaf.toString('pem')}\n${pem}`;
    },
  };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
}

function hourLife(): Life {
  return { fromMs: Date.now() - 60_000, toMs: Date.now() + hourMs };
}

function validity({ fromMs, toMs }: Life): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(fromMs), notAfter: new Date(toMs) };
}
