// Reads what people wrote on a pull request at GitHub: comments, reviews, and comments of reviews on lines.
// Must never write.
import { isMarked } from './body-mark.ts';
import type { GitHubApi } from './github-client.ts';
import type { RemoteComment } from './remote.ts';

interface Written {
  readonly user: { readonly login: string; readonly type?: string } | null;
  readonly body?: string | null;
  readonly author_association?: string;
}

/** Who may push, as GitHub says with each comment; everybody may comment on a public repository. */
const writers = ['OWNER', 'MEMBER', 'COLLABORATOR'];

export async function listGitHubComments(
  api: GitHubApi,
  target: { readonly owner: string; readonly repo: string },
  number: number,
): Promise<readonly RemoteComment[]> {
  const talk = await api.paginate(api.rest.issues.listComments, { ...target, issue_number: number, per_page: 100 });
  const lines = await api.paginate(api.rest.pulls.listReviewComments, { ...target, pull_number: number, per_page: 100 });
  const reviews = await api.paginate(api.rest.pulls.listReviews, { ...target, pull_number: number, per_page: 100 });
  const found = [
    ...talk.map((one) => read('comment', one.id, one, one.created_at)),
    ...lines.map((one) => ({
      ...read('line', one.id, one, one.created_at),
      path: one.path,
      line: one.line ?? one.original_line ?? undefined,
    })),
    // An approval without words asks for nothing.
    ...reviews.filter((one) => one.body !== '').map((one) => read('review', one.id, one, one.submitted_at ?? '')),
  ];
  return found.toSorted((left, right) => left.createdAtMs - right.createdAtMs);
}

function read(kind: string, id: number, { user, body, author_association: association }: Written, createdAt: string): RemoteComment {
  const createdAtMs = Date.parse(createdAt);
  return {
    id: `${kind}-${String(id)}`,
    author: user?.login ?? '',
    body: body ?? '',
    createdAtMs: Number.isNaN(createdAtMs) ? 0 : createdAtMs,
    path: undefined,
    line: undefined,
    isOurs: isMarked(body ?? ''),
    mayWrite: user?.type !== 'Bot' && writers.includes(association ?? ''),
  };
}
