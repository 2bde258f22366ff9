// RepositoryService: which repositories there are, what is in them, and changes to branches of ours.
// Must never reach a remote itself; the Repository Service does.
import type { Clock } from '../../base/clock.ts';
import { HephaestusError } from '../../base/errors.ts';
import { createUlid } from '../../base/ulid.ts';
import type { RepositoryServiceImplementation } from '../../proto/index.ts';
import { declaredRepository, repositoryDeclarationSchema } from '../repository/repository-configuration.ts';
import type { Repository, RepositoryService, RepositoryStore } from '../repository/repository.ts';
import { judgePath } from '../solutions/edits/path-policy.ts';
import type { CallIdentity } from './call-identity.ts';
import { requireSeen, type Views } from './view.ts';
import { pageOf } from './page.ts';
import { readRepositoryDeclaration, writeRepository } from './wire-repository.ts';

export interface RepositoryApiOptions {
  readonly store: RepositoryStore;
  readonly service: RepositoryService;
  readonly clock: Clock;
  /** Branches that calls may write begin with this. */
  readonly branchPrefix: string;
  readonly views: Views;
}

export function createRepositoryApi(options: RepositoryApiOptions): RepositoryServiceImplementation<{ identity: CallIdentity }> {
  const { store, service, clock, views } = options;
  /** By id or name, if the caller sees it. */
  const find = async (context: { readonly identity: CallIdentity }, idOrName: string): Promise<Repository> => {
    const view = await views.of(context);
    const repository = await store.get(idOrName);
    if (!view.isWhole) requireSeen(repository !== undefined && view.seesRepository(repository), 'repository', idOrName);
    if (repository !== undefined) return repository;
    throw new HephaestusError({
      code: 'repository.not-found',
      kind: 'validation',
      message: `there is no repository ${idOrName}; list them with: hephaestusctl repositories list`,
    });
  };
  const requireOurs = (branch: string): void => {
    if (branch.startsWith(options.branchPrefix)) return;
    throw invalid([{ path: 'branch', message: `must begin with ${options.branchPrefix}: other branches are not ours to change` }]);
  };
  /** Where two people have to approve, what one writes by hand would pass them by. */
  const requireOnePerson = ({ name, approvals = 1 }: Repository): void => {
    if (approvals <= 1) return;
    throw new HephaestusError({
      code: 'operator.forbidden',
      kind: 'validation',
      message: `repository ${name} wants the approval of ${approvals} people: changes leave as solutions only`,
    });
  };
  /** The default branch's head, brought up to date. */
  const headOf = async (repository: Repository): Promise<string> => (await service.initialize(repository)).head;

  return {
    async addRepository(request) {
      if (request.repository === undefined) throw invalid([{ path: 'repository', message: 'must be given' }]);
      const checked = repositoryDeclarationSchema.safeParse(readRepositoryDeclaration(request.repository));
      if (!checked.success) {
        throw invalid(checked.error.issues.map((issue) => ({ path: `repository.${issue.path.join('.')}`, message: issue.message })));
      }
      if ((await store.get(checked.data.name)) !== undefined) {
        throw new HephaestusError({
          code: 'repository.exists',
          kind: 'validation',
          message: `there is a repository ${checked.data.name} already`,
        });
      }
      const repository = declaredRepository(checked.data, createUlid(clock.now()));
      await store.add(repository);
      return { repository: writeRepository(repository) };
    },
    async getRepository(request, context) {
      return { repository: writeRepository(await find(context, request.id)) };
    },
    async listRepositories(request, context) {
      const view = await views.of(context);
      const seen = (await store.list()).filter((repository) => view.seesRepository(repository));
      const { items, nextPageToken } = pageOf('repositories', seen, request.page, (repository) => repository.id);
      return { repositories: items.map(writeRepository), nextPageToken };
    },
    async removeRepository(request, context) {
      const repository = await find(context, request.id);
      await store.remove(repository.id);
      await service.remove(repository);
      return {};
    },
    async checkRepository(request, context) {
      return { checks: [...(await service.check(await find(context, request.id)))] };
    },
    async getFileContents(request, context) {
      const repository = await find(context, request.repositoryId);
      const { branch, head } = await service.initialize(repository);
      const revision = request.revision === '' || request.revision === branch ? head : request.revision;
      const content = await service.getFileContents(repository, request.path, revision);
      if (content === undefined) {
        throw new HephaestusError({
          code: 'file.not-found',
          kind: 'validation',
          message: `${repository.name} has no file ${request.path} at ${revision}`,
        });
      }
      return { content, commit: revision };
    },
    async updateFileContents(request, context) {
      requireOurs(request.branch);
      const repository = await find(context, request.repositoryId);
      requireOnePerson(repository);
      const refused = request.files.flatMap(({ path }, index) => {
        const verdict = judgePath(path, repository.allowedPaths);
        return verdict === undefined ? [] : [{ path: `files[${index}].path`, message: verdict.message }];
      });
      if (refused.length > 0) throw invalid(refused);
      const base = request.expectedHead === '' ? await headOf(repository) : request.expectedHead;
      const files = request.files.map((file) => ({ path: file.path, content: file.delete ? undefined : Buffer.from(file.content) }));
      return service.updateFileContents(repository, { branch: request.branch, base, files, message: request.message });
    },
    async createChangeRequest(request, context) {
      requireOurs(request.branch);
      const repository = await find(context, request.repositoryId);
      requireOnePerson(repository);
      await headOf(repository);
      const { branch, title, body } = request;
      const commit = await service.resolve(repository, branch);
      const outcome = await service.createChangeRequest(repository, { branch, commit, title, body });
      return { url: outcome.url, number: outcome.number, created: outcome.kind === 'created' };
    },
    async createIssue(request, context) {
      const repository = await find(context, request.repositoryId);
      const outcome = await service.createIssue(repository, { key: request.key, title: request.title, body: request.body });
      if (outcome.kind === 'unsupported') {
        throw new HephaestusError({ code: 'remote.unsupported', kind: 'operational', message: outcome.reason });
      }
      return { url: outcome.url, number: outcome.number, created: outcome.kind === 'created' };
    },
  };
}

function invalid(details: readonly { readonly path: string; readonly message: string }[]): HephaestusError {
  const message = details.map((detail) => `${detail.path} ${detail.message}`).join('; ');
  return new HephaestusError({ code: 'request.invalid', kind: 'validation', message, details });
}
