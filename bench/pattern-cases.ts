// Small faulty projects, one text file each: what runs and fails, what its tests cover, and what a right fix has to satisfy.
// Must never show a proposer what judges it: the judge's files are written when the change is there.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface PatternCase {
  readonly name: string;
  /** What is wrong, and what would be right. */
  readonly about: string;
  /** Fails, and prints what is logged; undefined where the log is given. */
  readonly run: string | undefined;
  readonly log: string | undefined;
  /** Undefined: found by itself. */
  readonly test: string | undefined;
  /** Exits with 0 if a change is right; undefined where none is. */
  readonly judge: string | undefined;
  /** As deployed. */
  readonly files: Readonly<Record<string, string>>;
  /** Text by path in the commit before, where it was another. */
  readonly before: Readonly<Record<string, string>>;
  readonly judgeFiles: Readonly<Record<string, string>>;
}

/** @param folder with one file a case: `key: value` lines, then sections `-- path --`, `-- before:path --` and `-- judge:path --` */
export function readPatternCases(folder: string): readonly PatternCase[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .toSorted()
    .map((name) => readCase(name.slice(0, -4), readFileSync(join(folder, name), 'utf8')));
}

function readCase(name: string, text: string): PatternCase {
  const [head = '', ...sections] = text.split(/^-- (?=\S+ --$)/m);
  const settings = new Map(
    head
      .split('\n')
      .filter((line) => line.includes(': '))
      .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)] as const),
  );
  const kinds: Record<'' | 'before' | 'judge', Record<string, string>> = { '': {}, before: {}, judge: {} };
  for (const section of sections) {
    const [, kind = '', path = ''] = /^(?:(before|judge):)?(\S+) --$/m.exec(section) ?? [];
    kinds[kind as keyof typeof kinds][path] = section.slice(section.indexOf('\n') + 1);
  }
  const judge = settings.get('judge');
  if (settings.get('about') === undefined || (judge === undefined) !== (settings.get('expect') === 'none'))
    throw new Error(`${name}: a case says what it is about, and either how it is judged or "expect: none"`);
  return {
    name,
    about: settings.get('about') ?? '',
    run: settings.get('run'),
    log: settings.get('log'),
    test: settings.get('test'),
    judge,
    files: kinds[''],
    before: kinds.before,
    judgeFiles: kinds.judge,
  };
}
