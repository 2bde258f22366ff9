// Candidates of the built-in engine, with a diagnosis that says that they are made by pattern.
// Must never sound surer than a pattern is.
import { knownProblemMatcher } from '../../analysis/known-problems/catalogue.ts';
import type { PatternCandidate, PatternEngine, PatternProblem, PatternSetting } from '../model/pattern-engine.ts';
import type { RepositoryService } from '../repository/repository.ts';
import { isTestPath, judgePath } from './edits/path-policy.ts';
import type { Candidates } from './candidate.ts';
import type { Groundwork } from './groundwork.ts';
import type { Incident } from '../incidents/incident.ts';
import { isShownGone } from './gate.ts';
import type { Diagnosis, RungResult, SolutionProposal } from './proposal.ts';
import { findRunbook, type Runbook } from './runbook.ts';
import { columnAt } from './problem.ts';

export const builtinName = 'builtin';

/**
 * True for what the message, the code and the history say outright: a name that only one other is nearly like, an import that is missing, a limit
 * with its number, the commit that broke it. All else is a guess at what should be done, and is worth what is seen of it.
 */
export function speaksForItself(pattern: string): boolean {
  return /^(?:revert$|limit-|misspelt-|missing-import$)/.test(pattern);
}

/** Why a change made by pattern waits for a person though it passed the gate; undefined if it needn't. */
export function whyUnseen({
  provider,
  model,
  validation,
}: Pick<SolutionProposal, 'provider' | 'model' | 'validation'>): string | undefined {
  if (provider !== builtinName || speaksForItself(model) || isShownGone(validation?.rungs ?? [])) return undefined;
  return 'Waits for approval: it was made by pattern, and nothing here could show that the problem is gone with it.';
}

/** Files that are read for their settings, and lines kept of all. */
const mostSettingFiles = 12;
const mostSettings = 60;

export async function* proposeByPattern(groundwork: Groundwork, engine: PatternEngine, service: RepositoryService): Candidates {
  const problem = readPatternProblem(groundwork, await service.listFiles(groundwork.repository, groundwork.baseCommit));
  const candidates = await engine.propose({ ...problem, ...(await findSettings(groundwork, engine.keysOf(problem), service)) });
  for (const candidate of candidates) {
    const files = Object.fromEntries(candidate.files);
    const refused = Object.keys(files).map((path) => judgePath(path, groundwork.repository.allowedPaths));
    if (refused.some((verdict) => verdict !== undefined)) continue;
    yield {
      title: candidate.title,
      provider: builtinName,
      model: candidate.pattern,
      diagnosis: diagnoseByPattern(groundwork, candidate),
      files,
      rungs: [
        climbed('parsed', `pattern ${candidate.pattern}`),
        climbed('applied', `${candidate.size} line(s) in ${Object.keys(files).join(', ')}`),
      ],
    };
  }
  const reason =
    candidates.length === 0
      ? 'No pattern of the built-in engine fits this problem.'
      : `${candidates.length} pattern(s) of the built-in engine were tried; none held.`;
  return { reason, diagnosis: diagnoseByPattern(groundwork, undefined), provider: builtinName, model: '' };
}

/** The lines that name a setting, and the files that they stand in; not those of tests, which only repeat it. */
async function findSettings(
  { repository, baseCommit, files: known }: Groundwork,
  keys: readonly string[],
  service: RepositoryService,
): Promise<Pick<PatternProblem, 'files' | 'settings'>> {
  const settings: PatternSetting[] = [];
  const files = new Map(known);
  for (const key of keys) {
    for (const hit of await service.findText(repository, key, baseCommit)) {
      if (isTestPath(hit.path) || settings.length >= mostSettings) continue;
      if (!files.has(hit.path)) {
        if (files.size >= known.size + mostSettingFiles) continue;
        const content = await service.getFileContents(repository, hit.path, baseCommit);
        if (content === undefined) continue;
        files.set(hit.path, content.toString('utf8'));
      }
      if (!settings.some(({ path, line }) => path === hit.path && line === hit.line)) settings.push(hit);
    }
  }
  return { files, settings };
}

function readPatternProblem({ problem, locations, suspects, files }: Groundwork, paths: readonly string[]): PatternProblem {
  return {
    type: problem.reason.type,
    message: problem.reason.message,
    language: problem.trace?.language,
    places: locations.flatMap((location) =>
      location.line === undefined
        ? []
        : [{ path: location.path, line: location.line, column: columnAt(problem, location), function: location.function }],
    ),
    suspects: suspects.map(({ commit, diff }) => ({ hash: commit.hash, subject: commit.subject, diff })),
    files,
    paths,
    settings: [],
  };
}

/** What can be said without understanding: the error, where it shows, and the commit that history points at. */
export function diagnoseByPattern(
  { problem, locations, suspects, evidence }: Groundwork,
  candidate: PatternCandidate | undefined,
): Diagnosis {
  const idsOf = (kind: string): readonly string[] => evidence.filter((one) => one.kind === kind).map(({ id }) => id);
  const place = locations[0];
  const suspect = suspects[0];
  const error = [problem.reason.type, problem.reason.message.split('\n', 1)[0]]
    .filter((part) => part !== undefined && part !== '')
    .join(': ');
  const claims = [
    { statement: `${problem.incident.service} reports ${error}`, evidenceIds: [...idsOf('trace'), ...idsOf('entry')].slice(0, 2) },
  ];
  if (place !== undefined) {
    const where = `${place.path}${place.line === undefined ? '' : `:${place.line}`}`;
    claims.push({ statement: `It shows at ${where} (${place.reasons.join(', ')})`, evidenceIds: idsOf('code').slice(0, 1) });
  }
  if (suspect !== undefined) {
    claims.push({
      statement: `Commit ${suspect.commit.hash.slice(0, 10)} "${suspect.commit.subject}" is the likeliest origin (${suspect.reasons.slice(0, 2).join(', ')})`,
      evidenceIds: idsOf('commit').slice(0, 1),
    });
  }
  const [latest] = problem.occurrences;
  const known = candidate !== undefined || latest === undefined ? undefined : knownProblemMatcher.recognize(latest);
  if (known !== undefined)
    claims.push({ statement: `${known.title}. What helps with it: ${known.remedy}`, evidenceIds: idsOf('entry').slice(0, 1) });
  const runbook = candidate === undefined ? findRunbook(`${error} ${latest?.message ?? ''}`, problem.incident.service) : undefined;
  const undetermined =
    suspect === undefined ? 'Not determined' : `Not determined; it may have begun with ${suspect.commit.hash.slice(0, 10)}`;
  const inGeneral = known === undefined ? '' : ` In general with problems of this kind: ${known.cause}`;
  return {
    summary: error,
    rootCause: candidate?.rootCause ?? (runbook === undefined ? `${undetermined}.${inGeneral}` : tellRunbook(runbook, problem.incident)),
    claims,
    risk: candidate === undefined ? '' : riskOf(candidate.pattern),
    notChecked: [
      'This was found by pattern, not by understanding the code: the built-in engine knows reverts, misspelt names and settings, limits, and a catalogue of common mistakes.',
      ...(runbook === undefined ? [] : ['None of the steps was carried out: the hosts are only read, and only their logs.']),
    ],
  };
}

/** What is known to go with each kind of change. */
const risks: readonly (readonly [RegExp, string])[] = [
  [/^revert$/, 'What the commit did besides is lost where it is taken back.'],
  [/^limit-/, 'A limit also protects: whether so much should be allowed, and whether the host can bear it, is for a person to say.'],
  [
    /^misspelt-setting$/,
    'What was refused or unread so far takes effect once it is spelt rightly: see that its value is still what is wanted.',
  ],
  [/^(?:misspelt-name|near-name|missing-import)$/, 'What the line does was never seen to work: it failed before it came to that.'],
  [/^missing-await$/, 'What waits now takes longer, and its failures show here.'],
  [/^shared-map$/, 'Callers wait for each other; who holds the lock for long slows all of them.'],
  [/^wrong-encoding$/, 'What can not be read is replaced or read as something else, and stays so where it is stored.'],
  [/^error-ignored$/, 'Callers get an error where they got a crash: see that they heed it.'],
];

function riskOf(pattern: string): string {
  const found = risks.find(([patterns]) => patterns.test(pattern))?.[1];
  return (
    found ??
    'A guard keeps the code going where a value is missing or of another kind; whether its absence is right is for a person to say.'
  );
}

/** The cause, and the steps in their order. */
function tellRunbook({ cause, steps }: Runbook, { nodeIds }: Incident): string {
  const where =
    nodeIds.length === 0 ? '' : `, on ${nodeIds.slice(0, 3).join(', ')}${nodeIds.length > 3 ? ` and ${nodeIds.length - 3} more` : ''}`;
  return [
    `${cause} No edit of the code cures that.`,
    `What to do${where}:\n${steps.map((step, index) => `${index + 1}. ${step}`).join('\n')}`,
  ].join('\n\n');
}

function climbed(rung: 'parsed' | 'applied', output: string): RungResult {
  return { rung, outcome: 'passed', command: '', exitStatus: undefined, durationMs: 0, output };
}
