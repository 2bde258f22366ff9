// The node's key, certificate and the authorities that it trusts, as files in the state folder.
// Must never write a key that others can read, or half of a pair.
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../base/atomic-file.ts';
import { errnoOf } from '../../base/errors.ts';
import { spiffeIdOf } from '../../base/tls.ts';

export interface NodeCredentials {
  readonly nodeId: string;
  /** PKCS#8 PEM. */
  readonly keyPem: string;
  /** PEM, the node's certificate first. */
  readonly chainPem: string;
  /** PEM, every authority that is trusted. */
  readonly authoritiesPem: string;
  /** Unix milliseconds. */
  readonly validFromMs: number;
  readonly expiresAtMs: number;
}

export type CredentialsOutcome =
  | { readonly kind: 'present'; readonly credentials: NodeCredentials }
  | { readonly kind: 'absent' }
  /** The files are there but no use; `reason` names the file and says why. */
  | { readonly kind: 'damaged'; readonly reason: string };

export interface CredentialsStore {
  load(): Promise<CredentialsOutcome>;
  save(credentials: NodeCredentials): Promise<void>;
  /** The key of an enrolment that was begun, so that one that was cut off is repeated with the same key. */
  loadPendingKey(): Promise<string | undefined>;
  savePendingKey(keyPem: string): Promise<void>;
}

/** `node.pem` holds key and chain in one file, so that a crash never parts them; `authorities.pem` is public. */
export function openCredentialsStore(stateFolder: string): CredentialsStore {
  const nodePath = join(stateFolder, 'node.pem');
  const authoritiesPath = join(stateFolder, 'authorities.pem');
  const pendingPath = join(stateFolder, 'node-key.pending.pem');
  return {
    async load() {
      const node = await readIfPresent(nodePath);
      const authoritiesPem = await readIfPresent(authoritiesPath);
      if (node === undefined) return { kind: 'absent' };
      if (authoritiesPem === undefined) return { kind: 'damaged', reason: `${authoritiesPath} is missing` };
      const { keyPem, chainPem } = splitPem(node);
      try {
        return { kind: 'present', credentials: readCredentials(keyPem, chainPem, authoritiesPem) };
      } catch (error) {
        return { kind: 'damaged', reason: `${nodePath}: ${error instanceof Error ? error.message : String(error)}` };
      }
    },
    async save(credentials) {
      await writeFileAtomically(authoritiesPath, credentials.authoritiesPem, 0o644);
      await writeFileAtomically(nodePath, `${credentials.keyPem.trimEnd()}\n${credentials.chainPem.trimEnd()}\n`, 0o600);
    },
    loadPendingKey: () => readIfPresent(pendingPath),
    savePendingKey: (keyPem) => writeFileAtomically(pendingPath, keyPem, 0o600),
  };
}

/** @throws Error saying what is wrong with the certificate or the key. */
export function readCredentials(keyPem: string, chainPem: string, authoritiesPem: string): NodeCredentials {
  const certificate = new X509Certificate(chainPem);
  const key = createPrivateKey(keyPem);
  if (!certificate.checkPrivateKey(key)) throw new Error('the certificate does not belong to the key');
  const nodeId = nodeIdOf(certificate);
  if (nodeId === undefined) throw new Error('the certificate names no node (a URI spiffe://<domain>/node/<id> is missing)');
  // Both throw if these are no certificates.
  for (const pem of pemBlocks(authoritiesPem, 'CERTIFICATE')) void new X509Certificate(pem);
  if (pemBlocks(authoritiesPem, 'CERTIFICATE').length === 0) throw new Error('there is no authority to trust');
  return {
    nodeId,
    keyPem,
    chainPem,
    authoritiesPem,
    validFromMs: certificate.validFromDate.getTime(),
    expiresAtMs: certificate.validToDate.getTime(),
  };
}

/** `spiffe://<domain>/node/<id>` */
function nodeIdOf(certificate: X509Certificate): string | undefined {
  const identity = spiffeIdOf(certificate);
  return identity.kind === 'identity' ? /^\/node\/([^/]+)$/.exec(identity.path)?.[1] : undefined;
}

function splitPem(text: string): { readonly keyPem: string; readonly chainPem: string } {
  return { keyPem: pemBlocks(text, 'PRIVATE KEY').join(''), chainPem: pemBlocks(text, 'CERTIFICATE').join('') };
}

function pemBlocks(text: string, label: string): readonly string[] {
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  return text
    .split(begin)
    .slice(1)
    .flatMap((rest) => {
      const stop = rest.indexOf(end);
      return stop < 0 ? [] : [`${begin}${rest.slice(0, stop)}${end}\n`];
    });
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
