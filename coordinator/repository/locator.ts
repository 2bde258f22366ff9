// From frames and messages to places in a repository, ranked with reasons; it works on a list of paths alone.
// Must never read a repository: what a search found is handed in, so that the ranking can be measured without one.
import { matchFrame } from './frame-match.ts';
import { readFramePath } from './frame-path.ts';
import { readLooseFrames } from './loose-frames.ts';
import { filesNamedIn, filesNamedInCode, filesTestedBy } from './named-files.ts';
import type { PathIndex } from './path-index.ts';
import { isTest, weighFunction, weighPath, type RoleWeights } from './plausibility.ts';
import type { CodeLocation, LocateQuery } from './repository.ts';

/** A line that the repository's search found for a part of the message. */
export interface SearchFinding {
  readonly path: string;
  readonly line: number;
  /** 0 to 1: how telling the part is and how few other lines hold it. */
  readonly score: number;
  readonly reason: string;
}

export interface CodeClue {
  readonly code: string;
  /** How it is told: `the failing test uses`. */
  readonly reason: string;
  /** 0 to 1. */
  readonly worth: number;
}

export interface LocateOptions {
  /** The repository's own name, which installed packages and module paths show (`site-packages/NAME`). */
  readonly repositoryName: string;
  readonly findings: readonly SearchFinding[];
  /** Lines of code that name what a problem is about: those of the failing test, or those that say what a class builds upon. */
  readonly clues?: readonly CodeClue[] | undefined;
  readonly weights?: LocatorWeights | undefined;
}

/** Factors and scores between 0 and 1 but for those that say how much more likely something is. */
export interface LocatorWeights extends RoleWeights {
  /** From one frame of the repository to its caller. */
  readonly depth: number;
  /** Another frame of the same file. */
  readonly again: number;
  /** A frame's file whose test is on the stack, or that the message names: more likely by this. */
  readonly tested: number;
  readonly named: number;
  /** A file that is on no frame, but tested by one, named by the message, or found by the search. */
  readonly testedAlone: number;
  readonly namedAlone: number;
  /** A file that a clue's code names: more likely by this, or alone. */
  readonly clue: number;
  readonly clueAlone: number;
  readonly found: number;
  /** A file beside the likeliest one. */
  readonly beside: number;
}

export const defaultWeights: LocatorWeights = {
  test: 0.35,
  aside: 0.3,
  utility: 0.5,
  utilityFolder: 0.94,
  messenger: 0.9,
  carrier: 0.82,
  depth: 0.88,
  again: 0.15,
  tested: 1.15,
  named: 1.1,
  testedAlone: 0.45,
  namedAlone: 0.35,
  clue: 1.25,
  clueAlone: 0.4,
  found: 0.75,
  beside: 0.08,
};

/** Most places answered, and distinct files aimed at. */
const mostLocations = 40;
const wantedFiles = 10;

interface Candidate {
  readonly path: string;
  readonly line: number | undefined;
  readonly function: string | undefined;
  score: number;
  readonly reasons: string[];
}

/** The likeliest place first. Each path and line appears once. */
export function locate(index: PathIndex, query: LocateQuery, options: LocateOptions): readonly CodeLocation[] {
  const weights = options.weights ?? defaultWeights;
  const places = new Places(weights);
  const tests = addFrames(index, query, options.repositoryName, places);
  addNames(index, query.message, tests, places);
  for (const clue of options.clues ?? []) addClue(index, clue, places);
  for (const finding of options.findings) {
    places.add(
      { path: finding.path, line: finding.line, function: undefined },
      weights.found * finding.score * weighPath(finding.path, weights),
      finding.reason,
    );
  }
  addMentioned(index, query.message, options.repositoryName, places);
  addNeighbours(index, places);
  return places.ranked().slice(0, mostLocations);
}

/** Candidates by path and line. */
class Places {
  readonly weights: LocatorWeights;
  readonly #places = new Map<string, Candidate>();

  constructor(weights: LocatorWeights) {
    this.weights = weights;
  }

  add(place: Omit<Candidate, 'score' | 'reasons'>, score: number, reason: string): void {
    const key = `${place.path}\0${String(place.line ?? '')}`;
    const known = this.#places.get(key);
    if (known === undefined) {
      this.#places.set(key, { ...place, score, reasons: [reason] });
      return;
    }
    known.score = Math.max(known.score, score) + Math.min(known.score, score) * this.weights.again;
    if (known.reasons.length < 4 && !known.reasons.includes(reason)) known.reasons.push(reason);
  }

  /** Makes every place of a file more likely. @returns false if there is none */
  strengthen(path: string, factor: number, reason: string): boolean {
    let any = false;
    for (const place of this.#places.values()) {
      if (place.path !== path) continue;
      any = true;
      place.score *= factor;
      if (place.reasons.length < 4 && !place.reasons.includes(reason)) place.reasons.push(reason);
    }
    return any;
  }

  paths(): readonly string[] {
    return [...new Set(this.ranked().map(({ path }) => path))];
  }

  ranked(): readonly CodeLocation[] {
    return [...this.#places.values()]
      .toSorted((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1))
      .map((place) => ({ ...place, score: Math.round(Math.min(1, place.score) * 1000) / 1000 }));
  }
}

/** @returns the tests that are on the stack, with how sure the match is. */
function addFrames(index: PathIndex, query: LocateQuery, repositoryName: string, places: Places): ReadonlyMap<string, number> {
  const { weights } = places;
  const tests = new Map<string, number>();
  const frames = query.frames.length > 0 ? query.frames : readLooseFrames(query.message);
  let depth = 0;
  for (const frame of frames) {
    const matches = matchFrame(index, frame, repositoryName);
    const best = matches[0]?.score ?? 0;
    for (const match of matches.slice(0, 4)) {
      if (isTest(match.path)) tests.set(match.path, Math.max(match.score, tests.get(match.path) ?? 0));
      const role = weighPath(match.path, weights) * weighFunction(frame.function, weights);
      places.add(
        { path: match.path, line: frame.line, function: frame.function },
        match.score * weights.depth ** depth * role,
        `${depth === 0 ? 'innermost' : `${String(depth + 1)}.`} frame: ${frame.via === undefined ? '' : `${frame.via}, `}${match.reason}`,
      );
    }
    const [first] = matches;
    if (first !== undefined && best >= 0.4 && weighPath(first.path, weights) > Math.max(weights.test, weights.aside)) depth++;
  }
  return tests;
}

function addNames(index: PathIndex, message: string, tests: ReadonlyMap<string, number>, places: Places): void {
  const { weights } = places;
  for (const [test, certainty] of tests) {
    for (const { path, strength } of filesTestedBy(index, test)) {
      if (isTest(path)) continue;
      const reason = `${test} on the stack tests it`;
      if (!places.strengthen(path, 1 + (weights.tested - 1) * strength * certainty, reason)) {
        places.add(
          { path, line: undefined, function: undefined },
          weights.testedAlone * strength * certainty * weighPath(path, weights),
          reason,
        );
      }
    }
  }
  for (const { path, name, strength } of filesNamedIn(index, message)) {
    if (isTest(path)) continue;
    const reason = `the message names ${name}`;
    if (!places.strengthen(path, 1 + (weights.named - 1) * strength, reason)) {
      places.add({ path, line: undefined, function: undefined }, weights.namedAlone * strength * weighPath(path, weights), reason);
    }
  }
}

/** Code names the classes and modules that it is about; what it names more often is likelier. */
function addClue(index: PathIndex, { code, reason, worth }: CodeClue, places: Places): void {
  const { weights } = places;
  for (const { path, name, strength } of filesNamedInCode(index, code)) {
    if (isTest(path)) continue;
    const often = Math.min(1, 0.7 + 0.1 * (code.split(name).length - 1)) * worth;
    const told = `${reason} ${name}`;
    if (places.strengthen(path, 1 + (weights.clue - 1) * strength * often, told)) continue;
    const score = weights.clueAlone * strength * often * weighPath(path, weights);
    places.add({ path, line: undefined, function: undefined }, score, told);
  }
}

/** Paths in the message that no frame has. */
function addMentioned(index: PathIndex, message: string, repositoryName: string, places: Places): void {
  const known = new Set(places.paths());
  for (const [file] of message.slice(0, 100_000).matchAll(/[\w@./\\+-]{2,200}\.[A-Za-z][A-Za-z0-9]{0,9}/g)) {
    const path = readFramePath(file);
    if (path === undefined || path.runtime) continue;
    const [best] = matchFrame(
      index,
      { file, line: undefined, function: undefined, module: undefined, inApp: true, source: undefined },
      repositoryName,
    );
    if (best === undefined || best.score < 0.3 || known.has(best.path)) continue;
    places.add(
      { path: best.path, line: undefined, function: undefined },
      best.score * 0.4 * weighPath(best.path, places.weights),
      'the message names the file',
    );
  }
}

/** Where few files are left, those beside the likeliest: the fault of a third of crashes is not on the stack, but often next to it. */
function addNeighbours(index: PathIndex, places: Places): void {
  const files = places.paths();
  const { weights } = places;
  const seen = new Set(files);
  for (const [rank, file] of files
    .filter((path) => weighPath(path, weights) > Math.max(weights.test, weights.aside))
    .slice(0, 2)
    .entries()) {
    let room = wantedFiles - seen.size;
    for (const neighbour of index.besides(file)) {
      if (room <= 0) return;
      if (seen.has(neighbour) || weighPath(neighbour, weights) <= weights.test) continue;
      seen.add(neighbour);
      room--;
      places.add(
        { path: neighbour, line: undefined, function: undefined },
        weights.beside * 0.9 ** (rank + wantedFiles - room),
        `is beside ${file}`,
      );
    }
  }
}
