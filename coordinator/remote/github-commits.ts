// Commits that GitHub makes and signs itself, by its Git database API: blobs, a tree on the parent's, and the commit, without a branch.
// Must never move a branch, or name an author: GitHub signs only what it may call its own.
import type { GitHubApi, GitHubClient } from './github-client.ts';
import type { PlannedCommit, RemoteUpdate } from './remote.ts';

/** What its API takes in one request, base64 included, is 40 MB in practice. */
const largestFileBytes = 25 * 1024 * 1024;

type Choice = { readonly kind: 'api' } | { readonly kind: 'push'; readonly note: string | undefined };

/** Whether GitHub makes the commit, and if it doesn't though it was asked to, why. */
export async function chooseCommits(client: GitHubClient, wanted: 'auto' | 'api' | 'push', files: RemoteUpdate['files']): Promise<Choice> {
  if (wanted === 'push') return { kind: 'push', note: undefined };
  if (!(await client.isApp()))
    return {
      kind: 'push',
      note: wanted === 'auto' ? undefined : 'The commit is not signed: GitHub signs those of a GitHub App, not of a token.',
    };
  const large = files.find(({ content }) => content !== undefined && content.length > largestFileBytes);
  if (large === undefined) return { kind: 'api' };
  const size = `${String(Math.round((large.content?.length ?? 0) / 1024 / 1024))} MiB`;
  return {
    kind: 'push',
    note: `The commit is not signed: ${large.path} (${size}) is more than GitHub's API takes, so that it was pushed by git.`,
  };
}

/**
 * Every step may be done again: blobs and trees are the same each time, and a commit that no branch holds is nowhere to be seen.
 *
 * @throws HephaestusError `remote.*`
 */
export async function makeGitHubCommit(
  api: GitHubApi,
  target: { readonly owner: string; readonly repo: string },
  { parent, parentTree, message, files }: PlannedCommit,
): Promise<{ readonly commit: string; readonly note: string | undefined }> {
  const entries: { path: string; mode: '100644' | '100755'; type: 'blob'; sha: string | null }[] = [];
  for (const { path, mode, content } of files) {
    const sha =
      content === undefined
        ? null
        : (await api.rest.git.createBlob({ ...target, content: content.toString('base64'), encoding: 'base64' })).data.sha;
    entries.push({ path, mode: mode === '100755' ? mode : '100644', type: 'blob', sha });
  }
  const { data: tree } = await api.rest.git.createTree({ ...target, base_tree: parentTree, tree: entries });
  const { data } = await api.rest.git.createCommit({ ...target, message, tree: tree.sha, parents: [parent] });
  const { verified, reason } = data.verification;
  return { commit: data.sha, note: verified ? undefined : `GitHub did not sign the commit (${reason}).` };
}
