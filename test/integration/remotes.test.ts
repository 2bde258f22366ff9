// Runs the contract of remotes for the git adapter (by path and over http) and for those of the forges.
// Must never hold a statement about one adapter alone; those are in its own file.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect } from 'vitest';
import { Secret } from '../../base/secret.ts';
import { FakeGitea } from '../support/fake-gitea.ts';
import { FakeGitLab } from '../support/fake-gitlab.ts';
import { FakeGitHub } from '../support/fake-github.ts';
import { GitFixture, makeRepository, makeRepositoryService } from '../support/git-fixture.ts';
import { GitHttpServer } from '../support/git-http-server.ts';
import { describeRemote, type RemoteUnderTest } from '../support/remote-contract.ts';

const closing: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function prepare(): GitFixture {
  const fixture = new GitFixture();
  closing.push(() => fixture.dispose());
  mkdirSync(join(fixture.clone, 'bin'));
  writeFileSync(join(fixture.clone, 'bin/logo'), Buffer.from([0, 255, 254, 10]));
  fixture.commit({ message: 'one', files: { 'src/a.js': 'old\n' } });
  return fixture;
}

const mergeByGit = (fixture: GitFixture, branch: string, decision: 'merge' | 'close'): void => {
  fixture.git(['fetch', '--quiet', 'origin', branch]);
  if (decision === 'merge') fixture.git(['push', '--quiet', 'origin', 'FETCH_HEAD:refs/heads/main']);
  fixture.git(['push', '--quiet', 'origin', `:refs/heads/${branch}`]);
};

const none = { labels: [], reviewers: [], unchanged: 0 };

describe('plain git by path', () => {
  describeRemote(async () => {
    const fixture = prepare();
    const { remotes } = makeRepositoryService(join(fixture.folder, 'state'));
    const remote = remotes.connect(makeRepository(fixture.remote));
    return {
      fixture,
      remote,
      isForge: false,
      decide: (number, decision) => mergeByGit(fixture, number, decision),
      say: () => undefined,
      kept: () => none,
      report: () => undefined,
    };
  });
});

describe('plain git over http', () => {
  describeRemote(async () => {
    const fixture = prepare();
    const server = new GitHttpServer({ root: fixture.folder, tokens: ['right'] });
    const url = await server.listen();
    closing.push(async () => server.close());
    const { remotes } = makeRepositoryService(join(fixture.folder, 'state'), { secrets: { token: new Secret('right') } });
    const remote = remotes.connect(makeRepository(`${url}/remote.git`, { credential: 'token' }));
    return {
      fixture,
      remote,
      isForge: false,
      decide: (number, decision) => mergeByGit(fixture, number, decision),
      say: () => undefined,
      kept: () => none,
      report: () => undefined,
    };
  });
});

describe('GitHub', () => {
  describeRemote(async () => {
    const fixture = prepare();
    const github = new FakeGitHub(fixture.remote);
    await github.listen();
    closing.push(async () => {
      await github.close();
      expect([github.undescribed, github.incomplete]).toEqual([[], []]);
    });
    const { remotes } = makeRepositoryService(join(fixture.folder, 'state'), { secrets: { github: new Secret(github.token) } });
    const remote = remotes.connect(makeRepository(github.url, { provider: 'github', credential: 'github' }));
    const decide = (number: string, decision: 'merge' | 'close'): void => {
      const pull = github.pulls.find((one) => String(one.number) === number);
      if (pull === undefined) throw new Error(`no change request ${number}`);
      pull.state = 'closed';
      pull.merged = decision === 'merge';
      mergeByGit(fixture, pull.head, decision);
    };
    const say = (number: string, author: string, body: string): void => {
      const association = author === 'ann' ? 'COLLABORATOR' : 'NONE';
      const user = { login: author, type: 'User' };
      const created = new Date(Date.now() + github.comments.length * 1000).toISOString();
      github.comments.push({
        id: 100 + github.comments.length,
        number: Number(number),
        body,
        user,
        author_association: association,
        created_at: created,
      });
    };
    const kept: RemoteUnderTest['kept'] = (number) => {
      const pull = github.pulls.find((one) => String(one.number) === number);
      return { labels: pull?.labels ?? [], reviewers: pull?.reviewers ?? [], unchanged: github.notModified };
    };
    const report: RemoteUnderTest['report'] = (name, state) => {
      const conclusion = { passed: 'success', failed: 'failure', pending: null }[state];
      github.checkRuns.push({ name, status: state === 'pending' ? 'in_progress' : 'completed', conclusion, html_url: null });
    };
    return { fixture, remote, isForge: true, decide, say, kept, report };
  });
});

describe('Gitea', () => {
  describeRemote(async () => {
    const fixture = prepare();
    const gitea = new FakeGitea(fixture.remote);
    await gitea.listen();
    closing.push(async () => gitea.close());
    const { remotes } = makeRepositoryService(join(fixture.folder, 'state'), { secrets: { gitea: new Secret(gitea.token) } });
    const remote = remotes.connect(makeRepository(gitea.url, { provider: 'gitea', credential: 'gitea' }));
    const decide = (number: string, decision: 'merge' | 'close'): void => {
      const pull = gitea.pulls.find((one) => String(one.number) === number);
      if (pull === undefined) throw new Error(`no change request ${number}`);
      Object.assign(pull, { state: 'closed', merged: decision === 'merge' });
      mergeByGit(fixture, pull.head, decision);
    };
    const say = (number: string, author: string, body: string): void => {
      const created = new Date(Date.now() + gitea.comments.length * 1000).toISOString();
      gitea.comments.push({ id: 100 + gitea.comments.length, number, body, user: { login: author }, created_at: created });
    };
    const kept: RemoteUnderTest['kept'] = (number) => {
      const reviewers = gitea.pulls.find((one) => String(one.number) === number)?.reviewers ?? [];
      return { labels: gitea.labelsOf(number), reviewers, unchanged: gitea.notModified };
    };
    const report: RemoteUnderTest['report'] = (context, state) => {
      const status = { passed: 'success', failed: 'failure', pending: 'pending' }[state];
      gitea.statuses.push({ context, status, target_url: '' });
    };
    return { fixture, remote, isForge: true, decide, say, kept, report };
  });
});

describe('GitLab', () => {
  describeRemote(async () => {
    const fixture = prepare();
    const gitlab = new FakeGitLab(fixture.remote);
    await gitlab.listen();
    closing.push(async () => gitlab.close());
    const { remotes } = makeRepositoryService(join(fixture.folder, 'state'), { secrets: { gitlab: new Secret(gitlab.token) } });
    const remote = remotes.connect(makeRepository(gitlab.url, { provider: 'gitlab', credential: 'gitlab' }));
    const decide = (number: string, decision: 'merge' | 'close'): void => {
      const request = gitlab.mergeRequests.find(({ iid }) => `!${String(iid)}` === number);
      if (request === undefined) throw new Error(`no change request ${number}`);
      request.state = decision === 'merge' ? 'merged' : 'closed';
      mergeByGit(fixture, request.source_branch, decision);
    };
    const say = (number: string, author: string, body: string): void => {
      const place = `merge_requests/${number.slice(1)}`;
      gitlab.notes.push({ id: 100 + gitlab.notes.length, place, body, author: { id: author === 'ann' ? 77 : 78, username: author } });
    };
    const kept: RemoteUnderTest['kept'] = (number) => {
      const request = gitlab.mergeRequests.find(({ iid }) => `!${String(iid)}` === number);
      const reviewers = (request?.reviewers ?? []).map((id) => (id === 77 ? 'ann' : String(id)));
      return { labels: [...new Set(request?.labels)], reviewers, unchanged: gitlab.notModified };
    };
    const report: RemoteUnderTest['report'] = (name, state) => {
      gitlab.statuses.push({ name, status: { passed: 'success', failed: 'failed', pending: 'running' }[state], target_url: null });
    };
    return { fixture, remote, isForge: true, decide, say, kept, report };
  });
});
