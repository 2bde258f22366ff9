// Killed at every step of publishing, it goes on and makes nothing twice: each request to a forge is cut before and after its effect.
// Must never skip a request: the first run, undisturbed, says how many there are.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { Secret } from '../../base/secret.ts';
import { RemoteRepositoryService } from '../../coordinator/remote/remote-repository-service.ts';
import type { RemoteGit } from '../../coordinator/remote/remote.ts';
import type { Repository, RepositoryService } from '../../coordinator/repository/repository.ts';
import { beginProposal } from '../../coordinator/solutions/new-proposal.ts';
import { transition } from '../../coordinator/solutions/proposal-states.ts';
import { publishDiagnosis, publishProposal } from '../../coordinator/solutions/publisher.ts';
import type { SolutionProposal } from '../../coordinator/solutions/proposal.ts';
import { FakeGitea } from '../support/fake-gitea.ts';
import { FakeGitHub } from '../support/fake-github.ts';
import { FakeGitLab } from '../support/fake-gitlab.ts';
import { GitFixture, makeRepository, makeRepositoryService } from '../support/git-fixture.ts';
import { GitHttpServer } from '../support/git-http-server.ts';
import { sampleIncident } from '../support/solution-samples.ts';

type Fate = 'before' | 'after' | undefined;

/** Where requests arrive and can be cut. */
interface Arrivals {
  intercept: ((what: string) => Fate) | undefined;
}

interface Scene {
  readonly repository: Repository;
  readonly arrivals: Arrivals;
  /** A fresh process: connections and caches of the one before are gone. */
  readonly connect: () => { readonly service: RepositoryService; readonly remotes: RemoteRepositoryService };
  readonly base: string;
  /** How often each thing is there; branches are counted in the repository itself. */
  readonly count: () => Readonly<Record<string, number>>;
  readonly fixture: GitFixture;
}

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
const fixtures: GitFixture[] = [];
afterAll(() => {
  for (const fixture of fixtures) fixture.dispose();
});

const incident = sampleIncident();
/** Waiting between attempts is left out. */
const clock = { ...systemClock, sleep: async () => undefined };

/** What is kept between processes: the proposal as it was last saved. */
function begin(base: string): SolutionProposal {
  const proposal = beginProposal(incident.id, 1_700_000_000_000, '0123456789ABCDEF');
  return {
    ...proposal,
    state: 'publishing',
    repositoryId: 'repository-1',
    diagnosis: { summary: 'guests have no tier', rootCause: 'It is read before it is checked.', claims: [], risk: '', notChecked: [] },
    files: { 'src/a.js': 'new\n' },
    baseCommit: base,
  };
}

/** The whole publication as one process does it: change request with labels and reviewers, a comment, an issue. */
async function live(scene: Scene, kept: { proposal: SolutionProposal }): Promise<void> {
  const { service, remotes } = scene.connect();
  const { repository } = scene;
  const remoteOf = (one: Repository) => remotes.connect(one);
  if (kept.proposal.state === 'publishing') {
    const save = async (one: SolutionProposal): Promise<SolutionProposal> => {
      kept.proposal = one;
      return one;
    };
    const about = { proposal: kept.proposal, incident, repository, others: [] };
    await publishProposal({ service, remoteOf }, about, {
      save,
      change: async (one, event, reason) => save(transition(one, event, reason, 0)),
    });
  }
  const number = kept.proposal.delivery?.number ?? '';
  await remoteOf(repository).comment(number, { key: 'verdict', body: 'It does not work.' });
  await publishDiagnosis(service, repository, incident, kept.proposal);
}

/** `kill`: the process ends there and starts again; otherwise it lives on and finds out by itself. */
async function disturbAt(make: () => Promise<Scene>, at: number, fate: Fate, kill: boolean): Promise<void> {
  const scene = await make();
  const kept = { proposal: begin(scene.base) };
  let arrived = 0;
  let fired = false;
  scene.arrivals.intercept = () => {
    if (fired && kill) return 'before';
    if (arrived++ !== at) return undefined;
    fired = true;
    return fate;
  };
  const outcome = await live(scene, kept).then(
    () => 'done',
    (error: unknown) => error,
  );
  scene.arrivals.intercept = undefined;
  if (outcome !== 'done') await live(scene, kept);
  // As after a crash before anything of it was marked as done.
  await live(scene, kept);
  expect({ at, fate, kill, fired, state: kept.proposal.state, ...scene.count() }).toEqual({
    at,
    fate,
    kill,
    fired: true,
    state: 'published',
    ...expectedOf(scene),
  });
}

function expectedOf(scene: Scene): Readonly<Record<string, number>> {
  const isForge = scene.repository.provider !== 'git';
  return isForge ? { branches: 1, changeRequests: 1, issues: 1, comments: 1, labels: 1, reviewers: 1 } : { branches: 1, ahead: 1 };
}

async function countRequests(make: () => Promise<Scene>): Promise<readonly string[]> {
  const scene = await make();
  const requests: string[] = [];
  scene.arrivals.intercept = (what) => {
    requests.push(what);
    return undefined;
  };
  await live(scene, { proposal: begin(scene.base) });
  expect(scene.count()).toEqual(expectedOf(scene));
  return requests;
}

const isRead = (what: string): boolean => /^(?:GET|HEAD) |git-upload-pack$/.test(what);

function describeExactlyOnce(name: string, make: () => Promise<Scene>): void {
  describe(name, () => {
    test('killed before any request has its effect', async () => {
      const requests = await countRequests(make);
      expect(requests.length).toBeGreaterThan(2);
      for (const at of requests.keys()) await disturbAt(make, at, 'before', true);
    }, 180_000);

    test('killed after any writing request has its effect, or without an answer to it', async () => {
      const requests = await countRequests(make);
      const writes = [...requests.keys()].filter((at) => !isRead(requests[at] ?? ''));
      expect(writes.length).toBeGreaterThan(0);
      for (const at of writes) {
        await disturbAt(make, at, 'after', true);
        await disturbAt(make, at, 'after', false);
        await disturbAt(make, at, 'before', false);
      }
    }, 180_000);
  });
}

function prepare(): { fixture: GitFixture; base: string } {
  const fixture = new GitFixture();
  fixtures.push(fixture);
  const base = fixture.commit({ message: 'one', files: { 'src/a.js': 'old\n' } });
  return { fixture, base };
}

interface Prepared {
  readonly fixture: GitFixture;
  readonly base: string;
  readonly git: RemoteGit;
}

/** One repository for all runs of a forge, without our branches at the beginning of each. */
function prepareOnce(): () => Prepared {
  let prepared: Prepared | undefined;
  return () => {
    if (prepared === undefined) {
      const made = prepare();
      prepared = { ...made, git: quickGit(made.fixture) };
    }
    const { fixture } = prepared;
    for (const name of branchesOf(fixture)) execFileSync('git', ['update-ref', '-d', name], { cwd: fixture.remote });
    return prepared;
  };
}

/** The forges' branches come by git, which has a test of its own below: here they are set in the bare repository at once. */
function quickGit(fixture: GitFixture): RemoteGit {
  const commit = fixture.commit({ message: 'fix', files: { 'src/a.js': 'new\n' }, branch: 'aside' });
  fixture.git(['push', '--quiet', 'origin', ':refs/heads/aside']);
  return {
    async pushFiles(_repository, _credential, { branch }) {
      execFileSync('git', ['update-ref', `refs/heads/${branch}`, commit], { cwd: fixture.remote });
      return { commit };
    },
    readFile: async () => undefined,
    remoteBranches: async () => new Map(),
    mergedAs: async () => undefined,
  };
}

function forgeScene(
  { fixture, base, git }: Prepared,
  forge: Arrivals & { readonly url: string; readonly token: string },
  provider: Repository['provider'],
  count: () => Readonly<Record<string, number>>,
): Scene {
  const repository = makeRepository(forge.url, {
    provider,
    credential: 'token',
    mode: 'deploy',
    conventions: undefined,
    defaultBranch: 'main',
  });
  const connect: Scene['connect'] = () => {
    const readSecret = async (): Promise<Secret> => new Secret(forge.token);
    const remotes = new RemoteRepositoryService({
      git,
      readSecret,
      keyFolder: fixture.folder,
      reportFolder: fixture.folder,
      clock,
      logger: silentLogger,
    });
    const service = {
      initialize: async () => ({ branch: 'main', head: base }),
      habits: async () => ({ conventional: false, scope: undefined, signsOff: false }),
      getFileContents: async (_repository: Repository, path: string) => (path === 'CODEOWNERS' ? Buffer.from('* @ann\n') : undefined),
      updateFileContents: async (one: Repository, update: Parameters<RepositoryService['updateFileContents']>[1]) =>
        remotes.updateFileContents(one, update),
      createChangeRequest: async (one: Repository, request: Parameters<RepositoryService['createChangeRequest']>[1]) =>
        remotes.createChangeRequest(one, { ...request, target: 'main' }),
      createIssue: async (one: Repository, request: Parameters<RepositoryService['createIssue']>[1]) => remotes.createIssue(one, request),
    } as unknown as RepositoryService;
    return { service, remotes };
  };
  return { repository, arrivals: forge, connect, base, count: () => ({ branches: branchesOf(fixture).length, ...count() }), fixture };
}

function branchesOf(fixture: GitFixture): readonly string[] {
  return fixture.git(['for-each-ref', '--format=%(refname)', 'refs/heads/hephaestus'], fixture.remote).split('\n').filter(Boolean);
}

const preparations = { github: prepareOnce(), gitea: prepareOnce(), gitlab: prepareOnce() };

describeExactlyOnce('GitHub', async () => {
  const prepared = preparations.github();
  const github = new FakeGitHub(prepared.fixture.remote);
  await github.listen();
  closing.push(async () => {
    await github.close();
    expect([github.undescribed, github.incomplete]).toEqual([[], []]);
  });
  return forgeScene(prepared, github, 'github', () => ({
    changeRequests: github.pulls.length,
    issues: github.issues.length,
    comments: github.comments.length,
    labels: github.pulls[0]?.labels.length ?? 0,
    reviewers: github.pulls[0]?.reviewers.length ?? 0,
  }));
});

describeExactlyOnce('Gitea', async () => {
  const prepared = preparations.gitea();
  const gitea = new FakeGitea(prepared.fixture.remote);
  await gitea.listen();
  closing.push(async () => gitea.close());
  return forgeScene(prepared, gitea, 'gitea', () => ({
    changeRequests: gitea.pulls.length,
    issues: gitea.issues.length,
    comments: gitea.comments.length,
    labels: gitea.labels.length,
    reviewers: gitea.pulls[0]?.reviewers.length ?? 0,
  }));
});

describeExactlyOnce('GitLab', async () => {
  const prepared = preparations.gitlab();
  const gitlab = new FakeGitLab(prepared.fixture.remote);
  await gitlab.listen();
  closing.push(async () => gitlab.close());
  return forgeScene(prepared, gitlab, 'gitlab', () => ({
    changeRequests: gitlab.mergeRequests.length,
    issues: gitlab.issues.length,
    comments: gitlab.notes.length,
    labels: new Set(gitlab.mergeRequests[0]?.labels).size,
    reviewers: gitlab.mergeRequests[0]?.reviewers.length ?? 0,
  }));
});

const gitPrepared = prepareOnce();

describeExactlyOnce('plain git over http', async () => {
  const { fixture, base } = gitPrepared();
  const server = new GitHttpServer({ root: fixture.folder, tokens: ['right'] });
  const url = await server.listen();
  closing.push(async () => server.close());
  // The mirror outlives processes, as in production.
  const connect: Scene['connect'] = () => makeRepositoryService(join(fixture.folder, 'state'), { secrets: { token: new Secret('right') } });
  const repository = makeRepository(`${url}/remote.git`, { credential: 'token', defaultBranch: 'main' });
  await connect().service.initialize(repository);
  return {
    repository,
    arrivals: server,
    connect,
    base,
    fixture,
    count: () => ({
      branches: branchesOf(fixture).length,
      ahead: Number(fixture.git(['rev-list', '--count', '--branches=hephaestus/*', '--not', 'main'], fixture.remote)),
    }),
  };
});
