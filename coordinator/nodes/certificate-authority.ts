// The certificate authority: its own certificate, the coordinator's and the nodes'. The only file that knows @peculiar/x509.
// Must never sign for a key that didn't sign the request, or take a name from a request: names come from us.
import 'reflect-metadata';
import { createHash, createPrivateKey, randomBytes, webcrypto, type KeyObject, X509Certificate as NodeCertificate } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type JsonGeneralName,
} from '@peculiar/x509';
import { HephaestusError } from '../../base/errors.ts';

const dayMs = 86_400_000;
const caLifetimeMs = 3650 * dayMs;
const serverLifetimeMs = 365 * dayMs;
/** Clocks of a fleet differ; certificates are good from a little before now. */
const backdateMs = 5 * 60_000;
const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** A certificate with its private key, both PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface IssuedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** Lower-case hex. */
  readonly serial: string;
  readonly expiresAtMs: number;
}

/** The name that agents verify, whatever address they dial. */
export const coordinatorName = 'hephaestus-coordinator';

/** Makes a new authority (ECDSA P-256, ten years). */
export async function createAuthority(nowMs: number): Promise<KeyedCertificate> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: createSerial(),
    name: 'CN=Hephaestus CA',
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(nowMs + caLifetimeMs),
    signingAlgorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** SHA-256 (hex) of a certificate's SubjectPublicKeyInfo: what a join token pins. */
export function publicKeyHash(certificatePem: string): string {
  const key = new NodeCertificate(certificatePem).publicKey;
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

export class CertificateAuthority {
  /** PEM: the signing certificate, then those up to the root where another authority signed it. */
  readonly certificate: string;
  /** PEM, what peers trust: the last of `certificate`. */
  readonly anchor: string;
  /** Of the anchor; see publicKeyHash. */
  readonly hash: string;
  readonly expiresAtMs: number;
  readonly #parsed: X509Certificate;
  readonly #signingKey: webcrypto.CryptoKey;
  readonly #signing: webcrypto.AlgorithmIdentifier | webcrypto.EcdsaParams;
  readonly #trustDomain: string;

  private constructor(certificates: readonly string[], signingKey: webcrypto.CryptoKey, signing: SigningScheme, trustDomain: string) {
    const [first = ''] = certificates;
    this.certificate = certificates.join('');
    this.anchor = certificates.at(-1) ?? first;
    this.hash = publicKeyHash(this.anchor);
    this.#parsed = new X509Certificate(first);
    this.expiresAtMs = this.#parsed.notAfter.getTime();
    this.#signingKey = signingKey;
    this.#signing = signing.sign;
    this.#trustDomain = trustDomain;
  }

  /**
   * @param source names the files in messages
   * @throws HephaestusError `authority.unusable` if key and certificate don't belong together, or may not sign.
   */
  static async open(authority: KeyedCertificate, trustDomain: string, source: string): Promise<CertificateAuthority> {
    let key: KeyObject;
    let scheme: SigningScheme;
    const certificates = authority.certificate.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\r?\n?/g) ?? [];
    try {
      key = createPrivateKey(authority.key);
      const parsed = certificates.map((pem) => new NodeCertificate(pem));
      const [signer] = parsed;
      if (signer === undefined) throw new Error('there is no certificate');
      if (!signer.checkPrivateKey(key)) throw new Error('the key is not the one of the first certificate');
      if (parsed.some(({ ca }) => !ca)) throw new Error('a certificate is not that of an authority');
      parsed.slice(1).forEach((issuer, index) => {
        if (parsed[index]?.verify(issuer.publicKey) !== true) throw new Error('the certificates do not follow one from another');
      });
      scheme = schemeOf(key);
    } catch (cause) {
      throw new HephaestusError({
        code: 'authority.unusable',
        kind: 'system',
        message: `the certificate authority of ${source} can't be used: ${cause instanceof Error ? cause.message : 'unreadable'}; restore both from a backup`,
        cause,
      });
    }
    const der = key.export({ type: 'pkcs8', format: 'der' });
    const signingKey = await webcrypto.subtle.importKey('pkcs8', der, scheme.key, false, ['sign']);
    return new CertificateAuthority(
      certificates.map((pem) => `${pem.trim()}\n`),
      signingKey,
      scheme,
      trustDomain,
    );
  }

  /** The coordinator's own certificate, one year, for `coordinatorName` and these names or addresses. */
  async issueServerCertificate(names: readonly string[], nowMs: number): Promise<KeyedCertificate & { readonly expiresAtMs: number }> {
    const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
    const issued = await this.#issue(
      { subject: `CN=${coordinatorName}`, publicKey: keys.publicKey, usage: ExtendedKeyUsage.serverAuth },
      [...new Set([coordinatorName, 'localhost', '127.0.0.1', '::1', ...names])].map(toGeneralName),
      nowMs,
      serverLifetimeMs,
    );
    return { certificate: issued.certificate, key: await exportKey(keys.privateKey), expiresAtMs: issued.expiresAtMs };
  }

  spiffeId(nodeId: string): string {
    return `spiffe://${this.#trustDomain}/node/${nodeId}`;
  }

  /**
   * Signs a node's request. Its signature and key type are checked; its subject and extensions are ignored.
   * @param request PKCS#10, DER
   * @throws HephaestusError `enrolment.request-invalid`
   */
  async issueNodeCertificate(nodeId: string, request: Uint8Array, lifetimeMs: number, nowMs: number): Promise<IssuedCertificate> {
    const publicKey = await checkRequest(request);
    const names = [{ type: 'url', value: this.spiffeId(nodeId) }] as const;
    return this.#issue({ subject: `CN=${nodeId}`, publicKey, usage: ExtendedKeyUsage.clientAuth }, names, nowMs, lifetimeMs);
  }

  /** As issueNodeCertificate checks it, without signing anything. */
  async checkRequest(request: Uint8Array): Promise<void> {
    await checkRequest(request);
  }

  /** Whether this authority signed it, or one of these (PEM), whatever its dates. */
  async signed(certificatePem: string, others: readonly string[] = []): Promise<boolean> {
    const signers = [this.#parsed, ...others.map((pem) => new X509Certificate(pem))];
    for (const { publicKey } of signers) {
      try {
        if (await new X509Certificate(certificatePem).verify({ publicKey, signatureOnly: true })) return true;
      } catch {
        // Unreadable, or of another kind of key: not of this one.
      }
    }
    return false;
  }

  async #issue(
    holder: { subject: string; publicKey: webcrypto.CryptoKey; usage: ExtendedKeyUsage },
    names: readonly JsonGeneralName[],
    nowMs: number,
    lifetimeMs: number,
  ): Promise<IssuedCertificate> {
    const notAfter = new Date(Math.min(nowMs + lifetimeMs, this.#parsed.notAfter.getTime()));
    const certificate = await X509CertificateGenerator.create({
      serialNumber: createSerial(),
      subject: holder.subject,
      issuer: this.#parsed.subject,
      notBefore: new Date(nowMs - backdateMs),
      notAfter,
      signingAlgorithm: this.#signing,
      publicKey: holder.publicKey,
      signingKey: this.#signingKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([holder.usage]),
        new SubjectAlternativeNameExtension([...names]),
        await SubjectKeyIdentifierExtension.create(holder.publicKey),
        await AuthorityKeyIdentifierExtension.create(this.#parsed.publicKey),
      ],
    });
    return { certificate: certificate.toString('pem'), serial: certificate.serialNumber.toLowerCase(), expiresAtMs: notAfter.getTime() };
  }
}

interface SigningScheme {
  readonly key: webcrypto.AlgorithmIdentifier | webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams;
  readonly sign: webcrypto.AlgorithmIdentifier | webcrypto.EcdsaParams;
}

/** Our own keys are P-256; authorities of a company are what they are. */
function schemeOf(key: KeyObject): SigningScheme {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === 'ec' && curve === 'prime256v1') return { key: keyAlgorithm, sign: signingAlgorithm };
  if (key.asymmetricKeyType === 'ec' && curve === 'secp384r1')
    return { key: { name: 'ECDSA', namedCurve: 'P-384' }, sign: { name: 'ECDSA', hash: 'SHA-384' } };
  if (key.asymmetricKeyType === 'rsa') {
    const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    return { key: rsa, sign: rsa };
  }
  if (key.asymmetricKeyType === 'ed25519') return { key: { name: 'Ed25519' }, sign: { name: 'Ed25519' } };
  throw new Error(`its key is ${curve ?? key.asymmetricKeyType ?? 'unknown'}; ECDSA P-256 or P-384, RSA or Ed25519 is needed`);
}

async function checkRequest(request: Uint8Array): Promise<webcrypto.CryptoKey> {
  const refuse = (message: string, cause?: unknown): HephaestusError =>
    new HephaestusError({ code: 'enrolment.request-invalid', kind: 'validation', message, cause });
  let parsed: Pkcs10CertificateRequest;
  let publicKey: webcrypto.CryptoKey;
  try {
    parsed = new Pkcs10CertificateRequest(Buffer.from(request));
    publicKey = (await parsed.publicKey.export()) as webcrypto.CryptoKey;
  } catch (cause) {
    throw refuse('the certificate signing request is no PKCS#10 request (DER)', cause);
  }
  const algorithm = publicKey.algorithm as { name: string; namedCurve?: string };
  const accepted = algorithm.name === 'Ed25519' || (algorithm.name === 'ECDSA' && algorithm.namedCurve === 'P-256');
  if (!accepted) throw refuse('the key of the certificate signing request must be ECDSA P-256 or Ed25519');
  if (!(await parsed.verify())) throw refuse('the signature of the certificate signing request is wrong');
  return publicKey;
}

function toGeneralName(name: string): JsonGeneralName {
  const isAddress = /^[0-9.]+$/.test(name) || name.includes(':');
  return { type: isAddress ? 'ip' : 'dns', value: name };
}

/** 16 random bytes; positive, since a serial number is a signed integer (RFC 5280, 4.1.2.2). */
function createSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString('hex');
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}
