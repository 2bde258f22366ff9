// States how a repository is declared, and which addresses are refused.
// Must never reach an address.
import { describe, expect, test } from 'vitest';
import {
  declaredRepository,
  explainRepositoryUrl,
  providerOf,
  repositoryDeclarationSchema,
  repositoryDeclarationsSchema,
} from '../../../coordinator/repository/repository-configuration.ts';

test('a name and an address are enough; the rest has careful defaults', () => {
  const declaration = repositoryDeclarationSchema.parse({ name: 'shop', url: 'https://github.com/acme/shop.git' });
  expect(declaredRepository(declaration, 'id-1')).toMatchObject({
    id: 'id-1',
    provider: 'github',
    mode: 'suggest',
    gate: 'tests',
    services: [],
    commands: { setup: undefined, build: undefined, test: undefined, reproduce: undefined },
    credential: undefined,
  });
});

test('names are unique', () => {
  const one = { name: 'shop', url: '/srv/git/shop.git' };
  expect(repositoryDeclarationsSchema.safeParse([one, one]).error?.issues[0]).toMatchObject({ path: [1, 'name'] });
});

describe('an address', () => {
  test.each([
    '/srv/git/my shop.git',
    'https://host/x.git',
    'ssh://git@host:22/x',
    'git@host:acme/x.git',
    'file:///srv/x',
    'http://127.0.0.1:3000/x',
  ])('%s is fine', (url) => expect(explainRepositoryUrl(url)).toBeUndefined());

  test.each([
    ['https://user:token@host/x.git', 'credential'],
    ['https://token@host/x.git', 'credential'],
    ['http://host/x.git', 'https'],
    ['http://127.0.0.1.example/x.git', 'https'],
    ['ext::sh -c touch', 'blanks'],
    ['ext::sh', ''],
    ['git://host/x', 'protocol git'],
    ['--upload-pack=x', 'dash'],
    ['relative/path', 'neither'],
  ])('%s is refused', (url, why) => expect(explainRepositoryUrl(url)).toContain(why));

  test('tells the provider where the host is well known', () => {
    expect(
      ['git@github.com:a/b', 'https://gitlab.com/a/b', 'https://codeberg.org/a/b', '/srv/a', 'https://git.acme.example/a/b'].map(
        providerOf,
      ),
    ).toEqual(['github', 'gitlab', 'gitea', 'git', 'git']);
  });
});
