// Tells what a token may do in a repository at Gitea or Forgejo, and names each scope that is missing.
// Must never change anything: a token doesn't tell its scopes, so that each is asked for by a request that is incomplete on purpose.
import { HephaestusError, isHephaestusError } from '../../base/errors.ts';
import { textOf, type ForgeClient, type JsonObject } from './forge-client.ts';
import type { RemoteCheck } from './remote.ts';

/** @param path of the repository in the API; @param fullName `owner/name`, as the URL has it */
export async function checkGitea(client: ForgeClient, path: string, fullName: string): Promise<readonly RemoteCheck[]> {
  try {
    const repository = await client.get(path);
    const name = textOf(repository, 'full_name');
    const isRenamed = name.toLowerCase() !== fullName.toLowerCase();
    const remote = {
      name: 'remote',
      ok: !isRenamed,
      message: `Gitea knows ${name}${isRenamed ? ', which is its name now; change the URL' : ''}`,
    };
    if (repository['archived'] === true)
      return [
        remote,
        { name: 'archived', ok: false, message: 'the repository is archived and takes no changes; unarchive it, or remove it here' },
      ];
    const mayPush = ((repository['permissions'] ?? {}) as JsonObject)['push'] === true;
    const role = mayPush
      ? "the token's owner may write"
      : "missing: the token's owner has no right to write to this repository; make it a collaborator who may write";
    return [
      remote,
      { name: 'archived', ok: true, message: 'takes changes' },
      { name: 'role', ok: mayPush, message: role },
      await checkScope(client, 'contents', 'write:repository', `${path}/branches`),
      repository['has_pull_requests'] === false
        ? { name: 'pull requests', ok: false, message: 'switched off in the repository; switch them on, or use provider git' }
        : await checkScope(client, 'pull requests', 'write:repository', `${path}/pulls`),
      repository['has_issues'] === true
        ? await checkScope(client, 'issues', 'write:issue', `${path}/issues`)
        : { name: 'issues', ok: true, message: 'switched off in the repository; diagnoses stay with the incident' },
    ];
  } catch (error) {
    return [{ name: 'remote', ok: false, message: HephaestusError.from(error).message }];
  }
}

async function checkScope(client: ForgeClient, name: string, scope: string, path: string): Promise<RemoteCheck> {
  try {
    await client.send('POST', path, {});
  } catch (error) {
    if (!isHephaestusError(error)) throw error;
    if (error.code === 'remote.permission-denied' || error.code === 'remote.not-found')
      return {
        name,
        ok: false,
        message: `missing: the token needs the scope ${scope}; ${error.message.split('; Gitea said: ').at(-1) ?? ''}`,
      };
    // Whoever may do it is told that something is missing in the request.
    if (error.code !== 'remote.refused') throw error;
  }
  return { name, ok: true, message: 'read and write' };
}
