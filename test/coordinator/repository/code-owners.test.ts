// Who owns which files, by the rules that the forges document.
// Must never depend on a forge.
import { describe, expect, it } from 'vitest';
import { ownersOf } from '../../../coordinator/repository/code-owners.ts';

/** The example of GitHub's documentation. */
const github = `
# each line is a file pattern
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs2@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @logger
/apps/ @octocat
/apps/github
/my\\ folder/ @blank
`;

describe('code owners', () => {
  it.each([
    ['README.md', ['@global-owner1', '@global-owner2']],
    ['src/deep/a.js', ['@js-owner']],
    ['main.go', ['docs@example.com']],
    ['a/b/notes.txt', ['@octo-org/octocats']],
    ['build/logs/today', ['@logger']],
    ['docs/getting-started.md', ['@doctocat']],
    ['docs/build-app/troubleshooting.md', ['@doctocat']],
    ['other/docs/a.md', ['@global-owner1', '@global-owner2']],
    ['scripts/run.sh', ['@doctocat', '@octocat']],
    ['deeply/nested/logs/today', ['@logger']],
    ['apps/shop/x', ['@octocat']],
    ['apps/github/x', []],
    ['my folder/x', ['@blank']],
  ])('of %s are %j', (path, owners) => {
    expect(ownersOf(github, [path])).toEqual(owners);
  });

  it('of `docs/*` are not those of folders in it', () => {
    const text = '* @all\ndocs/* @docs\n';
    expect(ownersOf(text, ['docs/a.md'])).toEqual(['@docs']);
    expect(ownersOf(text, ['docs/more/a.md'])).toEqual(['@all']);
  });

  it('come from each of GitLab’s sections, with its defaults and exclusions', () => {
    const text = '* @all\n[Docs][2] @writers\ndocs/\n!docs/internal/\n^[Data] @dba\n*.sql\n*.sql @lead\n';
    expect(ownersOf(text, ['docs/a.sql'])).toEqual(['@all', '@writers', '@lead']);
    expect(ownersOf(text, ['docs/internal/a.md'])).toEqual(['@all']);
  });

  it('are found in linear time however odd the pattern', () => {
    const text = `${'*a'.repeat(2000)} @x\n${'**/'.repeat(500)}x @y\n`;
    expect(ownersOf(text, [`${'a'.repeat(3000)}b`, `${'d/'.repeat(400)}x`])).toEqual(['@y']);
  });
});
