// What a problem leads to and the repository doesn't hold itself: files kept by Git LFS, and submodules. It is said, since nothing of it is read or changed.
// Must never fetch either: where they are kept is another server's, with another credential.
import type { Repository, RepositoryService } from '../repository/repository.ts';
import type { Evidence } from './proposal.ts';
import type { Problem } from './problem.ts';

/** A file whose content is kept elsewhere (Git LFS): what stands in for it is no code. */
export function isStandIn(content: Buffer): boolean {
  return content.length < 1024 && content.subarray(0, 40).toString('latin1').startsWith('version https://git-lfs.github.com/spec/');
}

/** @param standIns paths of located files that are stand-ins */
export async function tellKeptElsewhere(
  service: Pick<RepositoryService, 'listSubmodules'>,
  about: { readonly repository: Repository; readonly revision: string; readonly problem: Problem; readonly standIns: readonly string[] },
): Promise<readonly Omit<Evidence, 'id'>[]> {
  const { repository, revision, problem, standIns } = about;
  const fact = (title: string, body: string): Omit<Evidence, 'id'> => ({ kind: 'fact', title, body, timeMs: undefined, nodeId: undefined });
  const files = problem.query.frames.flatMap(({ file }) => (file === undefined ? [] : [file.replaceAll('\\', '/')]));
  const modules = files.length === 0 ? [] : await service.listSubmodules(repository, revision);
  return [
    ...standIns.map((path) =>
      fact(`${path} is kept by Git LFS and was not read`, 'What the repository holds is a pointer; it is never changed.'),
    ),
    ...modules.flatMap((module) => {
      const inside = files.filter((file) => file.startsWith(`${module}/`) || file.includes(`/${module}/`));
      const what = `Frames of the trace lie in it: ${[...new Set(inside)].slice(0, 5).join(', ')}. It is a repository of its own: add it as one, and a change can be proposed there.`;
      return inside.length === 0 ? [] : [fact(`${module} is a submodule and was not read`, what)];
    }),
  ];
}
