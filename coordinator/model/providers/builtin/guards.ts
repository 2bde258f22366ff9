// Guard templates: which one fits a problem in which language.
// Must never edit by itself; one file a language does.
import { grammarOf, type SyntaxTrees } from '../../../../base/syntax-tree.ts';
import type { PatternCandidate, PatternProblem } from '../../pattern-engine.ts';
import { needsAnswer } from './answer-use.ts';
import type { GuardEdit, GuardSite } from './guard-edit.ts';
import { guardGo } from './go-guards.ts';
import { mendGoValues } from './go-values.ts';
import { guardJava } from './java-guards.ts';
import { mendJavaValues } from './java-values.ts';
import { guardJavaScript } from './javascript-guards.ts';
import { mendJavaScriptValues } from './javascript-values.ts';
import { correctTypo } from './name-typos.ts';
import { isDecision, isDeliberate } from './off-limits.ts';
import { correctBound } from './off-by-one.ts';
import { mendJava, mendJavaScript, mendPython } from './plain-mistakes.ts';
import { guardPython } from './python-guards.ts';
import { mendPythonValues } from './python-values.ts';
import { mendPythonLibraries } from './python-mistakes.ts';

/** Places further out than this are callers that rarely hold the fault. */
const mostPlaces = 4;

/** Candidates of every template that fits at the located places, innermost place first. */
export async function proposeGuards(problem: PatternProblem, trees: SyntaxTrees): Promise<readonly PatternCandidate[]> {
  const candidates: PatternCandidate[] = [];
  for (const [index, place] of problem.places.slice(0, mostPlaces).entries()) {
    const text = problem.files.get(place.path);
    const own = templatesOf(place.path);
    if (text === undefined || own.length === 0) continue;
    const site: Omit<GuardSite, 'root'> = {
      type: problem.type ?? '',
      message: problem.message,
      line: place.line,
      column: place.column,
      text,
    };
    const edits = await trees.withTree(place.path, text, (root) =>
      index === 0 && isDeliberate({ ...site, root })
        ? 'deliberate'
        : [correctTypo, correctBound, ...own].flatMap((template) => template({ ...site, root })).filter((edit) => !isDecision(root, edit)),
    );
    // Who raised it wanted it to be heard, at whatever place it is caught.
    if (edits === 'deliberate') return [];
    // It would fail a line further on, or go on with a number that is none.
    const isUseless = (edits ?? []).some(({ answersNothing }) => answersNothing) && (await needsAnswer(problem, index, trees));
    for (const edit of edits ?? [])
      if (!(isUseless && edit.answersNothing === true)) candidates.push(describeGuard(place.path, text, edit));
  }
  return candidates;
}

/** What the message names outright goes before what only tolerates it. */
function templatesOf(path: string): readonly ((site: GuardSite) => readonly GuardEdit[])[] {
  switch (grammarOf(path)) {
    case 'javascript':
    case 'typescript':
    case 'tsx':
      return [mendJavaScript, mendJavaScriptValues, guardJavaScript];
    case 'python':
      return [mendPython, mendPythonLibraries, mendPythonValues, guardPython];
    case 'go':
      return [mendGoValues, guardGo];
    case 'java':
      return [mendJava, mendJavaValues, guardJava];
    default:
      return [];
  }
}

function describeGuard(path: string, text: string, edit: GuardEdit): PatternCandidate {
  const changed = edit.splices
    .toSorted((a, b) => b.start - a.start)
    .reduce((current, { start, end, insert }) => current.slice(0, start) + insert + current.slice(end), text);
  const lines = edit.splices.reduce((sum, { start, end, insert }) => {
    const removed = text.slice(start, end).split('\n').length;
    return sum + (start === end ? 0 : removed) + insert.split('\n').length;
  }, 0);
  return {
    pattern: edit.pattern,
    title: `${edit.title} in ${path}`.slice(0, 72),
    rootCause: edit.rootCause,
    files: new Map([[path, changed]]),
    size: lines,
    loses: 0,
    reverts: undefined,
  };
}
