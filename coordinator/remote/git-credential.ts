// Reads a secret as what git needs: a token, `user:password`, or a private key for ssh.
// Must never write a secret anywhere but into a file that only this user can read.
import { createHash } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HephaestusError } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import type { GitCredential, RemoteRepository, SecretReader } from './remote.ts';

/** User names that forges expect beside a token; any works at most of them. */
const tokenUsers: Readonly<Record<RemoteRepository['provider'], string>> = {
  git: 'git',
  github: 'x-access-token',
  gitlab: 'oauth2',
  gitea: 'oauth2',
};

/** The secret that a repository names. @throws HephaestusError `remote.credential-missing` */
export async function readCredential(repository: RemoteRepository, readSecret: SecretReader): Promise<Secret | undefined> {
  if (repository.credential === undefined) return undefined;
  const secret = await readSecret(repository.credential);
  if (secret !== undefined && secret.reveal().trim() !== '') return secret;
  throw new HephaestusError({
    code: 'remote.credential-missing',
    kind: 'validation',
    message: `repository ${repository.name}: its credential '${repository.credential}' has no value; add the secret, or correct the name`,
  });
}

/** `keyFolder` takes private keys, which ssh reads from files only. */
export async function toGitCredential(
  repository: RemoteRepository,
  secret: Secret | undefined,
  keyFolder: string,
): Promise<GitCredential | undefined> {
  if (secret === undefined) return undefined;
  const value = secret.reveal().trim();
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(value)) {
    await mkdir(keyFolder, { recursive: true, mode: 0o700 });
    const name = createHash('sha256').update(repository.id).update(value).digest('hex').slice(0, 32);
    const privateKeyFile = join(keyFolder, name);
    await writeFile(privateKeyFile, `${value}\n`, { mode: 0o600 });
    await chmod(privateKeyFile, 0o600);
    return { kind: 'ssh-key', privateKeyFile };
  }
  const colon = value.indexOf(':');
  if (colon > 0) return { kind: 'password', username: value.slice(0, colon), password: new Secret(value.slice(colon + 1)) };
  return { kind: 'password', username: tokenUsers[repository.provider], password: new Secret(value) };
}
