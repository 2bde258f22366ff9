// Reads what people wrote on a pull request at Gitea or Forgejo: comments, reviews, and comments of reviews on lines.
// Must never write.
import { isHephaestusError } from '../../base/errors.ts';
import { isMarked } from './body-mark.ts';
import { textOf, timeOf, type ForgeClient, type JsonObject } from './forge-client.ts';
import type { RemoteComment } from './remote.ts';

/** @param repository path of the repository */
export async function listGiteaComments(client: ForgeClient, repository: string, number: string): Promise<readonly RemoteComment[]> {
  const writers = new Map<string, Promise<boolean>>();
  const mayWrite = async (name: string): Promise<boolean> => {
    const known = writers.get(name) ?? isWriter(client, repository, name);
    writers.set(name, known);
    return known;
  };
  const comments: RemoteComment[] = [];
  const add = async (kind: string, written: JsonObject, time: string): Promise<void> => {
    const body = textOf(written, 'body');
    if (body === '') return;
    const author = textOf(written, 'user', 'login');
    const line = Number(textOf(written, 'position'));
    const isOurs = isMarked(body);
    comments.push({
      id: `${kind}-${textOf(written, 'id')}`,
      author,
      body,
      createdAtMs: timeOf(written, time) ?? 0,
      path: textOf(written, 'path') || undefined,
      line: line > 0 ? line : undefined,
      isOurs,
      mayWrite: !isOurs && (await mayWrite(author)),
    });
  };
  const place = encodeURIComponent(number);
  for await (const one of client.list(`${repository}/issues/${place}/comments`)) await add('comment', one, 'created_at');
  for await (const review of client.list(`${repository}/pulls/${place}/reviews`)) {
    await add('review', review, 'submitted_at');
    if (Number(textOf(review, 'comments_count')) === 0) continue;
    for await (const line of client.list(`${repository}/pulls/${place}/reviews/${textOf(review, 'id')}/comments`))
      await add('line', line, 'created_at');
  }
  return comments.toSorted((left, right) => left.createdAtMs - right.createdAtMs);
}

/** Asked with the right to administer only, in some versions: then nobody is known to be one, and nobody is answered. */
async function isWriter(client: ForgeClient, repository: string, name: string): Promise<boolean> {
  if (name === '') return false;
  try {
    const answer = await client.find(`${repository}/collaborators/${encodeURIComponent(name)}/permission`);
    return answer !== undefined && ['write', 'admin', 'owner'].includes(textOf(answer, 'permission'));
  } catch (error) {
    if (isHephaestusError(error) && error.code === 'remote.permission-denied') return false;
    throw error;
  }
}
