// A pull request as GitHub's API answers it, as a change request.
// Must never ask for anything.
import type { ChangeRequest } from './remote.ts';

interface PullRequest {
  readonly number: number;
  readonly html_url: string;
  readonly state: string;
  readonly draft?: boolean;
  readonly title: string;
  readonly body: string | null;
  readonly merged_at: string | null;
  readonly merge_commit_sha?: string | null;
  readonly head: { readonly ref: string; readonly sha: string };
}

export function toChangeRequest(pull: PullRequest): ChangeRequest {
  const state = pull.merged_at !== null ? 'merged' : pull.state === 'open' ? 'open' : 'closed';
  return {
    number: String(pull.number),
    url: pull.html_url,
    branch: pull.head.ref,
    commit: pull.head.sha,
    state,
    draft: pull.draft ?? false,
    title: pull.title,
    body: pull.body ?? '',
    // Of an open one it is the trial merge.
    mergeCommit: state === 'merged' ? (pull.merge_commit_sha ?? undefined) : undefined,
    mergedAtMs: pull.merged_at === null ? undefined : Date.parse(pull.merged_at),
  };
}
