// Changes that look right and mostly aren't: one small alteration of a program, tried on one failing case and the cases that passed before.
// Must never show the proof the cases that it doesn't get; all of them together say what is right.
import type { Proof } from './proof.ts';
import type { Program } from './repair-data.ts';

export interface PlausibleChange {
  readonly proof: Omit<Proof, 'shouldHold'>;
  /** The program as changed. */
  readonly text: string;
  readonly program: string;
}

/** What a proposer may have to prove a change with: tests that hold the failing case, a reproduction of it, or both. */
const settings = ['turned', 'reproduced', 'both'] as const;

/** Alterations of one program; more say little that is new. */
const mostAlterations = 6;

const swaps: readonly (readonly [RegExp, string])[] = [
  [/<=/g, '<'],
  [/>=/g, '>'],
  [/(?<![<>=!-])<(?![<=])/g, '<='],
  [/(?<![->=!])>(?![>=])/g, '>='],
  [/==/g, '!='],
  [/!=/g, '=='],
  [/ and /g, ' or '],
  [/ or /g, ' and '],
  [/ \+ 1\b/g, ''],
  [/ - 1\b/g, ''],
  [/ \+ /g, ' - '],
  [/ - /g, ' + '],
  [/\bnot /g, ''],
  [/\b0\b/g, '1'],
  [/\b1\b/g, '0'],
  [/\bTrue\b/g, 'False'],
  [/\bFalse\b/g, 'True'],
  [/\brange\(([\w.]+)\)/g, 'range($1 + 1)'],
  [/\blen\((\w+)\)/g, 'len($1) - 1'],
  [/\breturn (\w+)$/g, 'return [$1]'],
  [/\breturn (\w+)$/g, 'return $1 or [[]]'],
  [/\b(\w+)\[(\w+)\]/g, '$1[$2 - 1]'],
  [/\b(\w+)\[(\w+):\]/g, '$1[$2 + 1:]'],
  [/, (\w+)\)/g, ', $1 + 1)'],
  [/, (\w+)\)/g, ', $1 - 1)'],
  [/\((\w+), (\w+)\)/g, '($2, $1)'],
  [/\^/g, '&'],
  [/(?<!\/)\/(?!\/)/g, '//'],
];

/** Programs with one place altered; what stands in comments and docstrings is left alone. */
export function alterations(text: string): readonly string[] {
  const lines = text.split('\n');
  const results = new Set<string>();
  let inDocstring = false;
  for (const [index, line] of lines.entries()) {
    const quotes = line.split('"""').length - 1;
    const isWords = inDocstring || quotes > 0 || /^\s*(?:#|import |from |def |$)/.test(line);
    if (quotes % 2 === 1) inDocstring = !inDocstring;
    if (isWords) continue;
    for (const [pattern, replacement] of swaps) {
      for (const match of line.matchAll(pattern)) {
        const changed =
          line.slice(0, match.index) +
          match[0].replace(new RegExp(pattern.source), replacement) +
          line.slice(match.index + match[0].length);
        if (changed !== line) results.add(lines.with(index, changed).join('\n'));
      }
    }
    // A guard that a hurried hand puts before a line.
    const indent = /^\s*/.exec(line)?.[0] ?? '';
    const argument = /^\s*(?:for|while|if|return)\b.*?\b([a-z]\w*)\b/.exec(line)?.[1];
    if (argument !== undefined && !/^\s*(?:else|elif|except)/.test(line))
      results.add(lines.toSpliced(index, 0, `${indent}if not ${argument}: return ${argument}`).join('\n'));
  }
  results.delete(text);
  const all = [...results];
  // Spread over the whole program instead of its first lines.
  const step = Math.max(1, all.length / mostAlterations);
  return Array.from({ length: Math.min(all.length, mostAlterations) }, (_, index) => all[Math.floor(index * step)] ?? '');
}

/** Says for each case whether it is answered rightly, in a line of JSON; one that takes longer than a second is not. */
export const caseReporter = `import importlib, json, signal, sys, types
class Slow(Exception):
    pass
def stop(*_):
    raise Slow()
signal.signal(signal.SIGALRM, stop)
def plain(value):
    if isinstance(value, (types.GeneratorType, tuple, set, map, filter, zip, range)):
        return [plain(item) for item in value]
    return [plain(item) for item in value] if isinstance(value, list) else value
def same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return isinstance(a, (int, float)) and isinstance(b, (int, float)) and abs(a - b) <= 1e-6 * max(1, abs(a), abs(b))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return type(a) == type(b) and a == b
verdicts = []
slow = 0
signal.alarm(2)
try:
    module = importlib.import_module(sys.argv[1])
    function = getattr(module, sys.argv[1])
    signal.alarm(0)
except BaseException as error:
    signal.alarm(0)
    def function(*_):
        raise RuntimeError('not importable')
for arguments, expected in json.load(open(sys.argv[2])):
    arguments = json.loads(json.dumps(arguments if isinstance(arguments, list) else [arguments]))
    signal.alarm(1)
    try:
        good = slow < 2 and same(plain(function(*arguments)), expected)
        signal.alarm(0)
    except Slow:
        slow += 1
        good = False
    except BaseException:
        signal.alarm(0)
        good = False
    verdicts.append(good)
print(json.dumps(verdicts))
sys.exit(0 if all(verdicts) else 1)
`;

/**
 * The program's alterations as changes to prove, and the fixed program itself.
 *
 * @param passing indexes of the cases that the buggy program answers rightly
 * @param failing those that it doesn't
 * @param index of the program; it decides what there is to prove with
 */
export function plausibleChanges(
  program: Program,
  passing: readonly number[],
  failing: readonly number[],
  index: number,
): readonly PlausibleChange[] {
  const [first] = failing;
  if (first === undefined || program.testcases === undefined) return [];
  const cases = program.testcases;
  const setting = settings[index % settings.length] ?? 'both';
  // Half of what passed is under test, as in a repository whose tests don't cover everything.
  const tested = passing.filter((_, place) => place % 2 === 0);
  const pick = (indexes: readonly number[]): string => JSON.stringify(indexes.map((one) => cases[one]));
  const path = `${program.program}.py`;
  const files = {
    [path]: program.buggy,
    'report.py': caseReporter,
    'tested.json': pick(setting === 'turned' ? [first, ...tested] : tested),
    'failing.json': pick([first]),
  };
  const command = (list: string): readonly string[] => ['python3', 'report.py', program.program, list];
  const texts = [...new Set([program.fixed, ...alterations(program.buggy), ...alterations(program.fixed)])];
  return texts.map((text) => ({
    program: program.program,
    text,
    proof: {
      name: program.program,
      files,
      edits: [{ op: 'replace_file' as const, path, content: text }],
      test: setting === 'reproduced' || (setting === 'both' && tested.length === 0) ? undefined : command('tested.json'),
      reproduce: setting === 'turned' ? undefined : command('failing.json'),
    },
  }));
}
