// Tells what a token may do in a project at GitLab: by its scopes, its owner's role and what is switched on, each thing by itself.
// Must never change anything.
import { HephaestusError, isHephaestusError } from '../../base/errors.ts';
import { textOf, timeOf, type ForgeClient, type JsonObject } from './forge-client.ts';
import type { RemoteCheck } from './remote.ts';

/** Access levels (GitLab Docs, "Members API"); a developer is the least that may push. */
const roles: Readonly<Record<number, string>> = { 0: 'none', 5: 'Minimal access', 10: 'Guest', 15: 'Planner', 20: 'Reporter' };
export const developerLevel = 30;

/** Told so long before a token ends. */
const expirySoonMs = 14 * 24 * 3_600_000;

/** @param project `group/subgroup/name`, as the URL has it */
export async function checkGitLab(client: ForgeClient, project: string, nowMs: number): Promise<readonly RemoteCheck[]> {
  try {
    const found = await client.get(`/projects/${encodeURIComponent(project)}`);
    const name = textOf(found, 'path_with_namespace');
    const isRenamed = name.toLowerCase() !== project.toLowerCase();
    const remote = {
      name: 'remote',
      ok: !isRenamed,
      message: `GitLab knows ${name}${isRenamed ? ', which is its name now; change the URL' : ''}`,
    };
    if (found['archived'] === true)
      return [
        remote,
        { name: 'archived', ok: false, message: 'the project is archived and takes no changes; unarchive it, or remove it here' },
      ];
    const token = await readToken(client);
    return [
      remote,
      { name: 'archived', ok: true, message: 'takes changes' },
      ...checkExpiry(token, nowMs),
      checkRole(found),
      checkScope('contents', ['api', 'write_repository'], token),
      isOff(found, 'merge_requests_access_level')
        ? { name: 'merge requests', ok: false, message: 'switched off in the project; switch them on, or use provider git' }
        : checkScope('merge requests', ['api'], token),
      isOff(found, 'issues_access_level')
        ? { name: 'issues', ok: true, message: 'switched off in the project; diagnoses stay with the incident' }
        : checkScope('issues', ['api'], token),
    ];
  } catch (error) {
    return [{ name: 'remote', ok: false, message: HephaestusError.from(error).message }];
  }
}

/** Of personal, project and group tokens; others don't tell. */
async function readToken(client: ForgeClient): Promise<JsonObject | undefined> {
  try {
    return await client.find('/personal_access_tokens/self');
  } catch (error) {
    if (isHephaestusError(error) && ['remote.permission-denied', 'remote.authentication'].includes(error.code)) return undefined;
    throw error;
  }
}

function checkExpiry(token: JsonObject | undefined, nowMs: number): readonly RemoteCheck[] {
  const endMs = token === undefined ? undefined : timeOf(token, 'expires_at');
  if (token === undefined || endMs === undefined) return [];
  const soon = endMs - nowMs < expirySoonMs ? '; make a new one soon' : '';
  return [{ name: 'token', ok: true, message: `valid until ${textOf(token, 'expires_at')}${soon}` }];
}

function checkRole(project: JsonObject): RemoteCheck {
  const levels = ['project_access', 'group_access'].map((kind) => Number(textOf(project, 'permissions', kind, 'access_level')));
  const level = Math.max(...levels);
  const ok = level >= developerLevel;
  const has = roles[level] ?? `of level ${String(level)}`;
  return {
    name: 'role',
    ok,
    message: ok ? 'Developer or more' : `missing: the token's owner has the role ${has} in the project and needs Developer`,
  };
}

/** @param enough scopes of which one does */
function checkScope(name: string, enough: readonly string[], token: JsonObject | undefined): RemoteCheck {
  const scopes = token?.['scopes'];
  if (!Array.isArray(scopes))
    return { name, ok: true, message: `not known: the token does not tell its scopes; it needs ${enough[0] ?? ''}` };
  const ok = enough.some((scope) => scopes.includes(scope));
  return {
    name,
    ok,
    message: ok ? 'read and write' : `missing: the token has the scopes ${scopes.join(', ')} and needs ${enough.join(' or ')}`,
  };
}

function isOff(project: JsonObject, feature: string): boolean {
  return textOf(project, feature) === 'disabled';
}
