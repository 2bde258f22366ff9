// What other programs read, judged by them: container files, alert rules, shell scripts, completions.
// Must never pass where the judge is missing: such a test is skipped, and says which program it wants.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { afterAll, describe, expect, it } from 'vitest';
import { usage } from '../../agent/command-line.ts';
import { completions, manualPage, readHelp } from '../../packaging/manual.ts';
import { agent } from '../../packaging/product.ts';

const packaging = join(import.meta.dirname, '..', '..', 'packaging');
const folder = mkdtempSync(join(tmpdir(), 'hephaestus-lint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isMissing = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0;

/** What the program says of the files; throws with it if it refuses them. */
function judge(program: string, ...words: readonly string[]): string {
  return execFileSync(program, [...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function read(program: string, ...words: readonly string[]): { readonly shown: string; readonly complaints: string } {
  const { stdout, stderr } = spawnSync(program, [...words], { encoding: 'utf8' });
  return { shown: stdout, complaints: stderr };
}

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe('container files', () => {
  const files = readdirSync(join(packaging, 'container'));

  it.each(files)('%s is without mistakes', (name) => {
    const problems = validate(readFileSync(join(packaging, 'container', name), 'utf8'));
    expect(problems.map(({ message, range }) => ({ line: range.start.line + 1, message }))).toEqual([]);
  });

  it('there is one for each product, and the judge finds mistakes', () => {
    expect(files.toSorted()).toEqual(['agent.Containerfile', 'coordinator.Containerfile']);
    expect(validate('FROM debian:12\nCOPPY a b\n').length).toBeGreaterThan(0);
  });
});

describe('alert rules', () => {
  it.skipIf(isMissing('promtool'))('are accepted by promtool', () => {
    expect(judge('promtool', 'check', 'rules', join(packaging, 'prometheus-rules.yaml'))).toMatch(/SUCCESS: \d+ rules found/);
  });
});

describe('shell scripts', () => {
  const scripts = [
    join(packaging, 'install.sh'),
    ...readdirSync(join(packaging, 'debian'))
      .filter((name) => /\.(?:pre|post)(?:inst|rm)$/.test(name))
      .map((name) => join(packaging, 'debian', name)),
  ];

  it('are read by sh', () => {
    expect(scripts.length).toBeGreaterThan(6);
    for (const script of scripts) expect(judge('sh', '-n', script)).toBe('');
  });

  it.skipIf(isMissing('shellcheck'))('are accepted by shellcheck', () => {
    expect(judge('shellcheck', ...scripts)).toBe('');
  });
});

describe('completions and manual pages', () => {
  const [program] = agent.programs;
  if (program === undefined) throw new Error('the agent has no program');
  const shells = completions(program.command, readHelp(usage));

  it('complete every command and option of the help', () => {
    for (const word of ['run', 'check', 'enroll', 'sources', '--config', '--coordinator', '--token-file']) {
      expect(shells.bash).toContain(word);
      expect(shells.zsh).toContain(word);
      expect(shells.fish).toContain(word.replace(/^--/, ''));
    }
  });

  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    it.skipIf(isMissing(shell))(`are read by ${shell}`, () => {
      expect(judge(shell, '-n', written(`completion.${shell}`, shells[shell]))).toBe('');
    });
  }

  it.skipIf(isMissing('man'))('make a page that man shows without a warning', () => {
    const page = written('page.8', manualPage(program, usage, '1.2.3', '2026-01-01', ['hephaestusctl(1)']));
    const { shown, complaints } = read('man', '--warnings', '-E', 'UTF-8', '-l', '-Tutf8', page);
    expect(complaints).toBe('');
    expect(shown).toContain('Tails the logs of this host');
  });
});
