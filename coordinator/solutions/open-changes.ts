// Which open change requests have to do with a problem: by the lines that they touch and by what they say.
// Must never take words for a proof: elsewhere.ts tries what is found.
import { isHephaestusError } from '../../base/errors.ts';
import type { FunctionRange } from '../../base/syntax-tree.ts';
import type { CodeLocation, OpenChange, Repository, RepositoryService } from '../repository/repository.ts';
import { functionAt, lastName } from './code-spans.ts';
import { readHunks, type Hunk } from './edits/hunks.ts';
import type { Problem } from './problem.ts';
import type { Evidence } from './proposal.ts';

export interface RelatedChange {
  readonly change: OpenChange;
  /** It edits beside the line that fails. */
  readonly isAtLine: boolean;
  /** It edits the function that fails. */
  readonly isInFunction: boolean;
  /** Its words hold the error's message, or its type and the function or file that fails. */
  readonly isNamed: boolean;
}

export interface OpenChanges {
  readonly related: readonly RelatedChange[];
  /** Why they couldn't be read. */
  readonly failure: string | undefined;
}

export const noOpenChanges: OpenChanges = { related: [], failure: undefined };

/** Places that count as where it fails. */
const mostPlaces = 3;
/** Less sure places say nothing. */
const leastScore = 0.4;
/** Shorter lines (`}`, `return;`) stand everywhere. */
const shortestLine = 8;
const shortestMessage = 12;
const mostRelated = 5;

/** What a located place is compared by. */
interface Place {
  readonly path: string;
  readonly line: string | undefined;
  readonly range: { readonly start: number; readonly end: number } | undefined;
  readonly functionName: string;
}

/** The most telling first. A forge that can't be asked is told, not waited for: without it nothing is published either. */
export async function findOpenChanges(
  service: Pick<RepositoryService, 'openChanges'>,
  about: {
    readonly repository: Repository;
    readonly revision: string;
    readonly problem: Problem;
    readonly locations: readonly CodeLocation[];
    readonly files: ReadonlyMap<string, string>;
    readonly functions: ReadonlyMap<string, readonly FunctionRange[]>;
  },
): Promise<OpenChanges> {
  const { repository, revision, problem } = about;
  let changes: readonly OpenChange[];
  try {
    changes = await service.openChanges(repository, revision);
  } catch (error) {
    if (!isHephaestusError(error) || error.code === 'aborted') throw error;
    return { related: [], failure: error.message };
  }
  const places = placesOf(about);
  const own = `Hephaestus-Incident: ${problem.incident.id}`;
  const related = changes
    .filter(({ words }) => !words.includes(own))
    .map((change) => relate(change, places, problem))
    .filter(({ isAtLine, isInFunction, isNamed }) => isAtLine || isInFunction || isNamed);
  return { related: related.toSorted((a, b) => weigh(b) - weigh(a)).slice(0, mostRelated), failure: undefined };
}

/** As evidence, so that a diagnosis, a report and a model's context tell of them. */
export function tellOpenChanges({ related, failure }: OpenChanges): readonly Omit<Evidence, 'id'>[] {
  const told = related.map(({ change, ...how }): Omit<Evidence, 'id'> => ({
    kind: 'fact',
    title: `Open change request ${change.number} "${change.title.slice(0, 120)}" ${describe(how)} (${change.url})`,
    body: change.diff,
    timeMs: change.atMs,
    nodeId: undefined,
  }));
  if (failure === undefined) return told;
  return [{ kind: 'fact', title: 'Open change requests could not be looked through', body: failure, timeMs: undefined, nodeId: undefined }];
}

/** `edits the line that fails and names the error`. */
export function describe({ isAtLine, isInFunction, isNamed }: Omit<RelatedChange, 'change'>): string {
  const edits = isAtLine ? ['edits the line that fails'] : isInFunction ? ['edits the function that fails'] : [];
  return [...edits, ...(isNamed ? ['names the error'] : [])].join(' and ');
}

function weigh({ isAtLine, isInFunction, isNamed }: RelatedChange): number {
  return (isAtLine ? 4 : 0) + (isNamed ? 3 : 0) + (isInFunction ? 2 : 0);
}

function placesOf({ locations, files, functions }: Parameters<typeof findOpenChanges>[1]): readonly Place[] {
  const best = locations[0]?.score ?? 0;
  return locations
    .filter(({ line, score, path }) => line !== undefined && score >= Math.max(leastScore, best * 0.5) && files.has(path))
    .slice(0, mostPlaces)
    .map(({ path, line = 1, function: name }) => {
      const text = files.get(path)?.split('\n')[line - 1]?.trim() ?? '';
      const own = functionAt(functions.get(path) ?? [], line);
      const range = own === undefined ? undefined : { start: own.startLine, end: own.endLine };
      return { path, line: text.length < shortestLine ? undefined : text, range, functionName: own?.name ?? lastName(name) };
    });
}

function relate(change: OpenChange, places: readonly Place[], problem: Problem): RelatedChange {
  const hunks = readHunks(change.diff);
  const own = places.flatMap((place) => hunks.filter(({ path }) => path === place.path).map((hunk) => ({ place, hunk })));
  return {
    change,
    isAtLine: own.some(({ place, hunk }) => place.line !== undefined && hunk.before.some((line) => line.trim() === place.line)),
    isInFunction: own.some(({ place: { range }, hunk }) => range !== undefined && overlaps(hunk, range)),
    isNamed: names(change.words, places, problem),
  };
}

/** Lines may have moved between both revisions; the ends of a function don't matter that much. */
function overlaps({ start, before }: Hunk, range: { readonly start: number; readonly end: number }): boolean {
  return start <= range.end && start + before.length - 1 >= range.start;
}

function names(words: string, places: readonly Place[], { incident, reason }: Problem): boolean {
  const said = plain(words);
  if (said.includes(plain(incident.fingerprint.value)) || said.includes(plain(incident.id))) return true;
  const message = plain(reason.message.split('\n', 1)[0] ?? '').slice(0, 120);
  if (message.length >= shortestMessage && said.includes(message)) return true;
  const type = plain(reason.type?.split(/[.:]/).at(-1) ?? '');
  if (type.length < 5 || !said.includes(type)) return false;
  return places.some(({ path, functionName }) =>
    [functionName, path.split('/').at(-1) ?? ''].some((name) => name.length >= 4 && said.includes(plain(name))),
  );
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[`'"\u2018\u2019\u201c\u201d]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
