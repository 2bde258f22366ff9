// The Git database of the stand-in for GitHub: blobs, trees and commits made in the bare repository, signed where GitHub would sign.
// Must never move a branch but by `refs`, as GitHub's API.
import { execFileSync } from 'node:child_process';

type Json = Readonly<Record<string, unknown>>;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Who asks: GitHub signs what an App's installation commits. */
export type Actor = 'classic' | 'fine-grained' | 'app';

const webFlow = 'GitHub <noreply@github.com>';
const authors: Readonly<Record<Actor, string>> = {
  app: 'hephaestus[bot] <42+hephaestus[bot]@users.noreply.github.com>',
  classic: 'machine <7+machine@users.noreply.github.com>',
  'fine-grained': 'machine <7+machine@users.noreply.github.com>',
};

export class FakeGitDatabase {
  readonly #repository: string;
  #seconds = 1_772_000_000;

  constructor(repository: string) {
    this.#repository = repository;
  }

  answer(method: string, kind: string, body: Json, actor: Actor): Answer {
    if (method !== 'POST') return { status: 404, body: { message: 'Not Found' } };
    switch (kind) {
      case 'blobs':
        return this.#created(
          this.#write('blob', Buffer.from(body['content'] as string, body['encoding'] === 'base64' ? 'base64' : 'utf8')),
        );
      case 'trees':
        return this.#makeTree(body['base_tree'] as string, body['tree'] as readonly Json[]);
      case 'commits':
        return this.#makeCommit(body, actor);
      case 'refs':
        return this.#makeReference(body['ref'] as string, body['sha'] as string);
    }
    return { status: 404, body: { message: 'Not Found' } };
  }

  #makeTree(base: string, entries: readonly Json[]): Answer {
    const index = { GIT_INDEX_FILE: `${this.#repository}/fake-index-${String(this.#seconds++)}` };
    if (this.#git(['cat-file', '-e', `${base}^{tree}`]) === undefined) return refuse('base_tree does not exist');
    this.#git(['read-tree', base], undefined, index);
    for (const { path, mode, sha } of entries) {
      if (sha !== null && this.#git(['cat-file', '-e', sha as string]) === undefined) return refuse('GitRPC::BadObjectState');
      const line = sha === null ? `0 ${'0'.repeat(40)}\t${path as string}\0` : `${mode as string} ${sha as string}\t${path as string}\0`;
      this.#git(['update-index', '-z', '--index-info'], line, index);
    }
    return this.#created(this.#text(['write-tree'], undefined, index));
  }

  #makeCommit({ message, tree, parents, author }: Json, actor: Actor): Answer {
    const isSigned = actor === 'app' && author === undefined;
    const when = `${String(this.#seconds++)} +0000`;
    const lines = [
      `tree ${tree as string}`,
      ...(parents as string[]).map((parent) => `parent ${parent}`),
      `author ${authors[actor]} ${when}`,
      `committer ${isSigned ? webFlow : authors[actor]} ${when}`,
    ];
    const signature = ['gpgsig -----BEGIN PGP SIGNATURE-----', ' ', ' c3RhbmQtaW4=', ' -----END PGP SIGNATURE-----'];
    const sha = this.#write('commit', Buffer.from([...lines, ...(isSigned ? signature : []), '', message as string].join('\n')));
    const verification = { verified: isSigned, reason: isSigned ? 'valid' : 'unsigned', signature: null, payload: null, verified_at: null };
    return {
      status: 201,
      body: { sha, message, tree: { sha: tree }, parents: (parents as string[]).map((one) => ({ sha: one })), verification },
    };
  }

  #makeReference(ref: string, sha: string): Answer {
    if (this.#git(['rev-parse', '--verify', '--quiet', ref]) !== undefined) return refuse('Reference already exists');
    if (this.#git(['update-ref', ref, sha]) === undefined) return refuse('Object does not exist');
    return { status: 201, body: { ref, object: { sha, type: 'commit' } } };
  }

  #created(sha: string): Answer {
    return { status: 201, body: { sha, url: 'https://api.github.com/x' } };
  }

  #write(type: string, content: Buffer): string {
    return this.#text(['hash-object', '-w', '-t', type, '--stdin'], content);
  }

  #text(args: readonly string[], input?: Buffer, env?: Readonly<Record<string, string>>): string {
    const found = this.#git(args, input, env);
    if (found === undefined) throw new Error(`git ${args.join(' ')} failed`);
    return found.toString('utf8').trim();
  }

  #git(args: readonly string[], input?: Buffer | string, env: Readonly<Record<string, string>> = {}): Buffer | undefined {
    try {
      return execFileSync('git', args, {
        cwd: this.#repository,
        stdio: ['pipe', 'pipe', 'ignore'],
        input: input ?? '',
        env: { PATH: '/usr/local/bin:/usr/bin:/bin', GIT_CONFIG_GLOBAL: '/dev/null', ...env },
      });
    } catch {
      return undefined;
    }
  }
}

function refuse(message: string): Answer {
  return { status: 422, body: { message } };
}
