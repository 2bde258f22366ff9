// A read-only Repository Service over one clone at one commit, joined from the real parts, for benchmarks of what builds upon it.
// Must never write, fetch, or suspect commits: that needs the time of a problem, which benchmark data lacks.
import { locateInMirror } from '../../coordinator/repository/location-search.ts';
import { grep, listFiles, readFileAt, readFilesAt } from '../../coordinator/repository/history.ts';
import type { Mirror } from '../../coordinator/repository/mirror.ts';
import { PathIndex } from '../../coordinator/repository/path-index.ts';
import type { RepositoryService } from '../../coordinator/repository/repository.ts';

/** @param name what packages and module paths call the repository */
export function openClone(mirror: Mirror, commit: string, name: string): RepositoryService {
  let index: Promise<PathIndex> | undefined;
  const paths = async (): Promise<PathIndex> => (index ??= listFiles(mirror, commit).then((list) => new PathIndex(list)));
  const refuse = async (): Promise<never> => {
    throw new Error('this clone is only read');
  };
  return {
    initialize: async () => ({ branch: 'main', head: commit }),
    listFiles: async () => (await paths()).paths,
    listSubmodules: async () => [],
    getFileContents: async (_repository, path) => readFileAt(mirror, commit, path),
    readFiles: async (_repository, wanted, _revision, mostBytes) => readFilesAt(mirror, commit, wanted, mostBytes),
    findText: async (_repository, text) => grep(mirror, commit, text),
    resolve: async () => commit,
    locate: async (_repository, _revision, query) => locateInMirror(mirror, commit, await paths(), query, name),
    suspectCommits: async () => [],
    history: async () => [],
    createWorkTree: refuse,
    updateFileContents: refuse,
    createChangeRequest: refuse,
    createIssue: refuse,
    contains: async () => true,
    openChanges: async () => [],
    habits: async () => ({ conventional: false, scope: undefined, signsOff: false }),
    holdsFix: async () => undefined,
    applyElsewhere: refuse,
    check: async () => [],
    remove: async () => undefined,
  };
}
