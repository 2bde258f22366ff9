// Where a GitHub repository and its API are, read from the repository's URL.
// Must never ask the network.
import { HephaestusError } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import { readForgeAddress } from './forge-address.ts';
import type { GitHubCredential } from './github-client.ts';

export interface GitHubAddress {
  readonly owner: string;
  readonly name: string;
  readonly baseUrl: string;
}

/** `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise server. @throws HephaestusError `remote.url-invalid` */
export function readGitHubAddress(url: string): GitHubAddress {
  const { origin, owner, name } = readForgeAddress(url);
  return { owner, name, baseUrl: origin === 'https://github.com' ? 'https://api.github.com' : `${origin}/api/v3` };
}

/**
 * A secret as GitHub's API needs it: a token, or JSON `{"appId": "1", "privateKey": "-----BEGIN …", "installationId": 2}` for a
 * GitHub App, where the installation may be left out. @throws HephaestusError `remote.credential-invalid`
 */
export function readGitHubCredential(secret: Secret | undefined): GitHubCredential | undefined {
  if (secret === undefined) return undefined;
  const value = secret.reveal().trim();
  if (!value.startsWith('{')) return { kind: 'token', token: new Secret(value) };
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    // The parser's message would show a part of the key.
    throw invalidApp('it is not valid JSON');
  }
  const { appId, privateKey, installationId } = parsed as Readonly<Record<string, unknown>>;
  if (typeof appId !== 'string' && typeof appId !== 'number') throw invalidApp('appId is missing');
  if (typeof privateKey !== 'string' || !privateKey.includes('PRIVATE KEY')) throw invalidApp('privateKey is missing or no PEM key');
  const installation = installationId === undefined ? undefined : Number(installationId);
  if (installation !== undefined && !Number.isSafeInteger(installation)) throw invalidApp('installationId is no number');
  return { kind: 'app', appId: String(appId), privateKey: new Secret(privateKey), installationId: installation };
}

function invalidApp(problem: string): HephaestusError {
  return new HephaestusError({
    code: 'remote.credential-invalid',
    kind: 'validation',
    message: `the credential of a GitHub App is JSON with appId, privateKey and, if it should not be looked up, installationId: ${problem}`,
  });
}
