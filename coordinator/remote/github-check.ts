// Tells what a credential may do in a repository at GitHub, and names each permission that is missing.
// Must never change anything: what can only be found out by asking to write is asked with a request that is incomplete on purpose.
import { HephaestusError, isHephaestusError } from '../../base/errors.ts';
import type { GitHubApi, GitHubClient, GitHubGrant } from './github-client.ts';
import type { RemoteCheck } from './remote.ts';

interface Asked {
  readonly owner: string;
  readonly name: string;
  readonly commits: 'auto' | 'api' | 'push';
}

interface Found {
  readonly api: GitHubApi;
  readonly target: { readonly owner: string; readonly repo: string };
  readonly isPrivate: boolean;
  readonly grant: GitHubGrant;
}

/** What is needed to write, as GitHub's permissions and as people call it; `probe` is refused as incomplete by whoever may do it. */
const needed = [
  { permission: 'contents', name: 'contents', probe: 'POST /repos/{owner}/{repo}/git/refs' },
  { permission: 'pull_requests', name: 'pull requests', probe: 'POST /repos/{owner}/{repo}/pulls' },
  { permission: 'issues', name: 'issues', probe: 'POST /repos/{owner}/{repo}/issues' },
] as const;

/** Rules on branches that keep ours from being made or moved (GitHub Docs, "Available rules for rulesets"). */
const hindering: Readonly<Record<string, string>> = {
  creation: 'they may not be created',
  update: 'they may not be changed',
  non_fast_forward: 'they may not be replaced when the change is made anew',
  pull_request: 'they may be changed by pull requests only',
  branch_name_pattern: 'their names have to be of another pattern',
  commit_message_pattern: 'commit messages have to be of a pattern',
  commit_author_email_pattern: "authors' addresses have to be of a pattern",
  committer_email_pattern: "committers' addresses have to be of a pattern",
};

export async function checkGitHub(client: GitHubClient, asked: Asked): Promise<readonly RemoteCheck[]> {
  const { owner, name: repo, commits } = asked;
  try {
    const api = await client.api();
    const { data, headers } = await api.rest.repos.get({ owner, repo });
    const isRenamed = data.full_name.toLowerCase() !== `${owner}/${repo}`.toLowerCase();
    const renamed = isRenamed ? `; it is called ${data.full_name} now, so change the URL` : '';
    const remote = { name: 'remote', ok: !isRenamed, message: `GitHub knows ${data.full_name}${renamed}` };
    if (data.archived) {
      const message = 'the repository is archived and takes no changes; unarchive it, or remove it here';
      return [remote, { name: 'archived', ok: false, message }];
    }
    const target = { owner: data.owner.login, repo: data.name };
    const found = { api, target, isPrivate: data.private, grant: await client.grant(headers) };
    const isApp = found.grant.kind === 'app';
    const checks: RemoteCheck[] = [remote, { name: 'archived', ok: true, message: 'takes changes' }];
    // An App has permissions of its own, not a person's role.
    if (!isApp) checks.push(checkRole(data.permissions?.push === true));
    for (const one of needed) {
      if (one.permission === 'issues' && !data.has_issues)
        checks.push({ name: one.name, ok: true, message: 'switched off in the repository; diagnoses stay with the incident' });
      else checks.push(await checkPermission(found, one));
    }
    checks.push(await checkReading(found, data.default_branch), await checkRules(found, isApp && commits !== 'push'));
    return [...checks, { name: 'commits', ok: commits !== 'api' || isApp, message: tellCommits(commits, isApp) }];
  } catch (error) {
    return [{ name: 'remote', ok: false, message: HephaestusError.from(error).message }];
  }
}

function checkRole(mayPush: boolean): RemoteCheck {
  const missing = "missing: the token's owner has no right to write to this repository; give it the role Write";
  return { name: 'role', ok: mayPush, message: mayPush ? "the token's owner may write" : missing };
}

async function checkPermission(found: Found, { permission, name, probe }: (typeof needed)[number]): Promise<RemoteCheck> {
  const { grant, isPrivate, api, target } = found;
  switch (grant.kind) {
    case 'app': {
      const has = grant.permissions[permission] ?? 'none';
      const ok = has === 'write' || has === 'admin';
      const missing = `missing: the App's installation has ${permission}: ${has} and needs write; change it in the App's settings, then accept it where it is installed`;
      return { name, ok, message: ok ? 'read and write' : missing };
    }
    case 'scopes': {
      const ok = grant.scopes.includes('repo') || (!isPrivate && grant.scopes.includes('public_repo'));
      const has = grant.scopes.length === 0 ? 'no scopes' : `the scopes ${grant.scopes.join(', ')}`;
      return { name, ok, message: ok ? 'read and write' : `missing: the token has ${has} and needs ${isPrivate ? 'repo' : 'public_repo'}` };
    }
    case 'untold': {
      const refusal = await refusalOf(async () => api.request(probe, target as never));
      const missing = `missing: the token needs ${permission}: write; ${refusal ?? ''}`;
      return { name, ok: refusal === undefined, message: refusal === undefined ? 'read and write' : missing };
    }
  }
}

/** Without it changes are made all the same, only what the CI says of them isn't known. */
async function checkReading({ api, target }: Found, ref: string): Promise<RemoteCheck> {
  const runs = await refusalOf(async () => api.rest.checks.listForRef({ ...target, ref, per_page: 1 }));
  const statuses = await refusalOf(async () => api.rest.repos.getCombinedStatusForRef({ ...target, ref, per_page: 1 }));
  const missing = [...(runs === undefined ? [] : ['checks: read']), ...(statuses === undefined ? [] : ['commit statuses: read'])];
  const without = `not readable without ${missing.join(' and ')}; what CI says of a change is not shown in full`;
  return { name: 'checks', ok: true, message: missing.length === 0 ? 'readable' : without };
}

async function checkRules({ api, target }: Found, isSigned: boolean): Promise<RemoteCheck> {
  const name = 'our branches';
  try {
    const { data } = await api.rest.repos.getBranchRules({ ...target, branch: 'hephaestus/x', per_page: 100 });
    const types = new Set<string>(data.map(({ type }) => type));
    const found = Object.entries(hindering).flatMap(([type, means]) => (types.has(type) ? [means] : []));
    if (types.has('required_signatures') && !isSigned)
      found.push('their commits have to be signed, which GitHub does for a GitHub App only');
    const message = `rules of the repository hold for hephaestus/…: ${found.join('; ')}. Exclude hephaestus/** there, or let the credential bypass them`;
    return { name, ok: found.length === 0, message: found.length === 0 ? 'no rule is in their way' : message };
  } catch (error) {
    // Older Enterprise servers have no such thing.
    if (isHephaestusError(error) && ['remote.not-found', 'remote.permission-denied'].includes(error.code))
      return { name, ok: true, message: 'rules are not readable' };
    throw error;
  }
}

function tellCommits(commits: Asked['commits'], isApp: boolean): string {
  if (commits === 'push') return 'pushed by git, not signed (conventions.commits: push)';
  if (isApp) return 'made by GitHub for its App, and marked as verified';
  const how = 'pushed by git, not signed: GitHub signs those of a GitHub App, not of a token';
  return commits === 'api' ? `${how}; use one, or set conventions.commits to auto` : how;
}

/** What is said where it may not be done; undefined where it may, whatever else is wrong with the request. */
async function refusalOf(ask: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await ask();
    return undefined;
  } catch (error) {
    if (!isHephaestusError(error)) throw error;
    if (error.code === 'remote.refused' || error.code === 'remote.disabled') return undefined;
    if (error.code === 'remote.permission-denied' || error.code === 'remote.not-found')
      return error.message.split('; GitHub said: ').at(-1);
    throw error;
  }
}
