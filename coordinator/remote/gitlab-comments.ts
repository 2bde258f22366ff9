// Reads what people wrote on a merge request at GitLab: notes, and notes on lines.
// Must never write.
import { isMarked } from './body-mark.ts';
import { textOf, timeOf, type ForgeClient } from './forge-client.ts';
import { developerLevel } from './gitlab-check.ts';
import type { RemoteComment } from './remote.ts';

/** @param project path of the project; @param request path of the merge request */
export async function listGitLabComments(client: ForgeClient, project: string, request: string): Promise<readonly RemoteComment[]> {
  const writers = new Map<string, Promise<boolean>>();
  const mayWrite = async (userId: string): Promise<boolean> => {
    const known = writers.get(userId) ?? isDeveloper(client, project, userId);
    writers.set(userId, known);
    return known;
  };
  const comments: RemoteComment[] = [];
  for await (const note of client.list(`${request}/notes`, { sort: 'asc', order_by: 'created_at' }, 'per_page')) {
    // What GitLab itself notes: labels, pushes, assignments.
    if (note['system'] === true) continue;
    const body = textOf(note, 'body');
    const line = Number(textOf(note, 'position', 'new_line'));
    const isOurs = isMarked(body);
    comments.push({
      id: `note-${textOf(note, 'id')}`,
      author: textOf(note, 'author', 'username'),
      body,
      createdAtMs: timeOf(note, 'created_at') ?? 0,
      path: textOf(note, 'position', 'new_path') || undefined,
      line: line > 0 ? line : undefined,
      isOurs,
      mayWrite: !isOurs && (await mayWrite(textOf(note, 'author', 'id'))),
    });
  }
  return comments;
}

async function isDeveloper(client: ForgeClient, project: string, userId: string): Promise<boolean> {
  if (!/^\d+$/.test(userId)) return false;
  const member = await client.find(`${project}/members/all/${userId}`);
  return member !== undefined && Number(textOf(member, 'access_level')) >= developerLevel;
}
