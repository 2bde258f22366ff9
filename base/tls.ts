// Certificates as files and as identities: loading, the hash that pins a CA, the SPIFFE id that names a peer.
// Must never issue a certificate or trust one; it reads what is given and says what is in it.
import { X509Certificate, createHash, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { HephaestusError } from './errors.ts';

export interface TlsFiles {
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** PEM texts, as node:tls takes them. */
export interface TlsMaterial {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** The first certificate of `certificate`. */
  readonly leaf: X509Certificate;
}

/**
 * Reads the three files and checks that they are what they should be and belong together. An expired certificate is
 * returned all the same: its owner renews it.
 * @throws HephaestusError `tls.unreadable` or `tls.invalid`, naming the file
 */
export async function loadTlsMaterial(files: TlsFiles): Promise<TlsMaterial> {
  const [ca, certificate, key] = await Promise.all([readPem(files.caFile), readPem(files.certificateFile), readPem(files.keyFile)]);
  parseCertificate(ca, files.caFile);
  const leaf = parseCertificate(certificate, files.certificateFile);
  if (!leaf.checkPrivateKey(parseKey(key, files.keyFile))) {
    throw invalid(files.keyFile, `is not the key of the certificate in ${files.certificateFile}; enrol again or restore the pair`);
  }
  return { ca, certificate, key, leaf };
}

/** The first certificate of a PEM text. @throws HephaestusError `tls.invalid`; `source` names it in the message */
export function parseCertificate(pem: string, source: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw invalid(source, 'holds no PEM certificate', cause);
  }
}

/**
 * SHA-256 of the certificate's public key (SubjectPublicKeyInfo, DER) in lower-case hex. The key and not the certificate is
 * pinned, so that a CA certificate that is renewed with its key keeps its pin (RFC 7469 section 2.4 does the same).
 */
export function spkiSha256(certificate: X509Certificate): string {
  return createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

export type SpiffeOutcome =
  /** `path` begins with a slash: `/node/n1`. */
  | { readonly kind: 'identity'; readonly trustDomain: string; readonly path: string; readonly uri: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** The longest that the SPIFFE standard makes everybody accept (SPIFFE-ID section 2.3). */
const longestSpiffeBytes = 2048;

/**
 * The SPIFFE id of a certificate, which must have exactly one URI among its subject alternative names
 * (X509-SVID section 2). Takes the peer's DER bytes too: `getPeerCertificate().raw`.
 */
export function spiffeIdOf(certificate: X509Certificate | Uint8Array): SpiffeOutcome {
  let names: string | undefined;
  try {
    names = (certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate)).subjectAltName;
  } catch {
    return { kind: 'refused', reason: 'it is not a certificate' };
  }
  return parseSpiffeNames(names ?? '');
}

/** Reads Node's text form of subject alternative names: `DNS:a, URI:"quoted"`. */
export function parseSpiffeNames(names: string): SpiffeOutcome {
  // Node quotes a name in which a separator or quote could be mistaken (CVE-2021-44532); no SPIFFE id needs that.
  if (names.includes('"')) return { kind: 'refused', reason: 'its alternative names hold characters that no identity has' };
  const uris = names.split(', ').filter((name) => name.startsWith('URI:'));
  const [first, ...others] = uris;
  if (first === undefined || others.length > 0) return { kind: 'refused', reason: `it has ${uris.length} URI names instead of one` };
  return parseSpiffeUri(first.slice('URI:'.length));
}

/** Checks one URI against the SPIFFE-ID grammar (section 2): no port, query, fragment, escape, empty or dotted segment. */
export function parseSpiffeUri(uri: string): SpiffeOutcome {
  const match = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)+)$/.exec(uri);
  const [, trustDomain, path] = match ?? [];
  if (trustDomain === undefined || path === undefined || Buffer.byteLength(uri) > longestSpiffeBytes) {
    return { kind: 'refused', reason: 'its URI name is not of the form spiffe://domain/path' };
  }
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) {
    return { kind: 'refused', reason: 'its URI name has a segment of dots' };
  }
  return { kind: 'identity', trustDomain, path, uri };
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { message } = HephaestusError.from(cause);
    throw new HephaestusError({ code: 'tls.unreadable', kind: 'validation', message: `cannot read ${file}: ${message}`, cause });
  }
}

function parseKey(pem: string, source: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause is left out on purpose: nothing about a private key belongs into a log.
    throw invalid(source, 'holds no private key in PEM form, or one with a passphrase');
  }
}

function invalid(source: string, problem: string, cause?: unknown): HephaestusError {
  return new HephaestusError({
    code: 'tls.invalid',
    kind: 'validation',
    message: `${source} ${problem}`,
    details: [{ path: source, message: problem }],
    cause,
  });
}
