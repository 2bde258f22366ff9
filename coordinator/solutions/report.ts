// A proposal in words, for commit messages, change requests and issues: short sections in the order that a reader asks, long output folded away.
// Must never let text from logs or models steer the forge: mentions, closing words, comments and images are disarmed.
import type { Incident } from '../incidents/incident.ts';
import type { bodyParts } from '../repository/convention-settings.ts';
import { neutralise } from './neutral-text.ts';
import { plainText } from './output-tail.ts';
import type { RungResult, SolutionProposal } from './proposal.ts';
import { originWords } from './reproduction/reproduction.ts';

export type BodyPart = (typeof bodyParts)[number];

/** Where it is read: a change request or issue folds, a commit message is plain, a change request by a person's hand says how to say no. */
export interface ReportStyle {
  readonly folds: boolean;
  readonly isChange: boolean;
}

const mostOutput = 1_500;
const mostPlainLines = 12;
/** A longer change is read where the forge shows it. */
const mostDiffLines = 40;
const mostEvidence = 12;
const mostTraceLines = 10;
const issueTitleLength = 120;

/** One line, at most 120 characters: what an issue is called. */
export function writeIssueTitle(incident: Incident): string {
  return oneLine(`${incident.service}: ${incident.title}`, issueTitleLength);
}

export function oneLine(text: string, most: number): string {
  const line = neutralise(text).replaceAll(/\s+/g, ' ').trim();
  return line.length <= most ? line : `${line.slice(0, most - 1).trimEnd()}…`;
}

/** Markdown. The end is for machines: trailers by which the change is known in any history. */
export function writeReport(proposal: SolutionProposal, incident: Incident, style: ReportStyle): string {
  const parts = writeParts(proposal, incident, style);
  const all = Object.values(parts).filter((part) => part !== '');
  return [...all, writeTrailers(proposal, incident)].join('\n\n');
}

export function writeTrailers(proposal: SolutionProposal, incident: Incident): string {
  return `Hephaestus-Incident: ${incident.id}\nHephaestus-Fingerprint: ${incident.fingerprint.value}\nHephaestus-Solution: ${proposal.id}`;
}

/** Each with its heading, or empty; in the order of a report. */
export function writeParts(proposal: SolutionProposal, incident: Incident, style: ReportStyle): Readonly<Record<BodyPart, string>> {
  const { diagnosis, suspectCommits, locations, validation } = proposal;
  const suspect = suspectCommits[0];
  const place = locations[0];
  const since = `${new Date(incident.firstSeenAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const seen = `${countOf(incident.occurrences, 'time')} on ${countOf(incident.nodeIds.length, 'node')} since ${since}`;
  const claims = (diagnosis?.claims ?? []).map(
    ({ statement, evidenceIds }) => `- ${neutralise(statement)}${evidenceIds.length === 0 ? '' : ` [${evidenceIds.join(', ')}]`}`,
  );
  const cause = [
    neutralise(diagnosis?.rootCause ?? ''),
    ...(place === undefined ? [] : [`Where: ${code(`${place.path}${place.line === undefined ? '' : `:${String(place.line)}`}`)}`]),
    ...(suspect === undefined ? [] : [`Suspect commit: ${suspect.commit.hash} ${neutralise(suspect.commit.subject)}`]),
    claims.join('\n'),
  ];
  const by = `${neutralise(proposal.provider)}${proposal.model === '' ? '' : ` (${neutralise(proposal.model)})`}`;
  return {
    what: section(
      'What happened',
      `${neutralise(diagnosis?.summary ?? incident.title)}\n\nIncident ${incident.id} of service ${neutralise(incident.service)}: ${seen}.`,
    ),
    evidence: section('Evidence', fold(writeEvidence(proposal), 'what it was concluded from', style)),
    cause: section('Root cause', cause.filter((line) => line !== '').join('\n\n')),
    change: section('The change', writeChange(proposal, style)),
    proof: section('Proof', writeLadder(validation?.rungs ?? [], style)),
    unchecked: section(
      'Not checked',
      [...(diagnosis?.notChecked ?? []), ...skippedRungs(validation?.rungs ?? [])].map((item) => `- ${neutralise(item)}`).join('\n'),
    ),
    reproduce: section('How to reproduce', writeReproduction(proposal, incident)),
    no: style.isChange ? section('How to say no', style.folds ? sayNo : sayNoByGit) : '',
    about: [
      `Proposed by ${by}; confidence ${proposal.confidence.toFixed(2)}.${diagnosis?.risk === undefined || diagnosis.risk === '' ? '' : ` Risk: ${neutralise(diagnosis.risk)}`}`,
      writeChoices(proposal, style),
    ]
      .filter((part) => part !== '')
      .join('\n\n'),
  };
}

/** Which models were asked, and why the others weren't; nothing where there was no choice. */
function writeChoices({ modelChoices = [], usage }: SolutionProposal, style: ReportStyle): string {
  // Nobody asked for a local model that isn't there.
  const asked = modelChoices.filter(({ name, verdict }) => name !== 'auto' || verdict !== 'failed');
  const lines = asked.map(
    ({ name, model, verdict, reason }) =>
      `- ${neutralise(name)}${model === '' ? '' : ` (${neutralise(model)})`}: ${verdict}; ${neutralise(reason)}`,
  );
  const spent =
    usage.requests === 0
      ? ['- no model answered; what it cost is the time of the checks']
      : [`- ${usage.requests} request(s), ${usage.inputTokens + usage.outputTokens} tokens, ${usage.costUsd.toFixed(4)} USD`];
  return section('Models', fold([...lines, ...spent].join('\n'), 'who was asked, and what it cost', style));
}

const sayNo = [
  '- Close it without merging: it is not proposed again unless somebody asks.',
  '- Push to the branch: it is yours then, and is left alone.',
  '- Comment what should be different: where a model is at hand it is tried again.',
].join('\n');

/** Where there is nothing but a branch. */
const sayNoByGit = [
  '- Delete the branch without merging it: it is not proposed again unless somebody asks.',
  '- Push to the branch: it is yours then, and is left alone.',
].join('\n');

function countOf(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function section(title: string, body: string): string {
  return body.trim() === '' ? '' : `## ${title}\n${body}`;
}

/** Folded where that can be read; a blank line inside lets Markdown go on. */
function fold(body: string, summary: string, { folds }: ReportStyle): string {
  return body === '' || !folds ? body : `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

/** Titles, and of the trace its beginning: what a reader looks for first. */
function writeEvidence({ evidence }: SolutionProposal): string {
  const shown = evidence
    .slice(0, mostEvidence)
    .map(({ id, kind, title }) => `- ${id} (${kind}): ${neutralise(withoutReasons(title, kind))}`);
  const left = evidence.length - shown.length;
  const trace =
    evidence
      .find(({ kind }) => kind === 'trace')
      ?.body.split('\n')
      .slice(0, mostTraceLines)
      .join('\n') ?? '';
  const lines = [...shown, ...(left > 0 ? [`- and ${String(left)} more`] : [])].join('\n');
  return trace === '' ? lines : `${lines}\n\n${indent(neutralise(trace))}`;
}

/** How a place or commit was found is for those who look closer; on a phone it hides what was found. */
function withoutReasons(title: string, kind: string): string {
  if (kind === 'code') return title.replace(/: .*$/, '');
  return kind === 'commit' ? title.replace(/(" by [^:]{1,80}): .*$/, '$1') : title;
}

function writeChange({ files, diff }: SolutionProposal, { isChange }: ReportStyle): string {
  const counts = countLines(diff);
  const list = Object.entries(files)
    .map(([path, text]) => {
      const { added, removed } = counts.get(path) ?? { added: 0, removed: 0 };
      return `- ${code(path)}${text === null ? ' deleted' : ''} +${String(added)} −${String(removed)}`;
    })
    .join('\n');
  // git shows it beside the message of a commit.
  const hunks = diff.split('\n').filter((line) => !/^(?:diff --git |index |--- |\+\+\+ |new file|deleted file)/.test(line));
  return isChange && hunks.length <= mostDiffLines ? `${list}\n\n${indent(neutralise(hunks.join('\n').trimEnd()))}` : list;
}

function countLines(diff: string): ReadonlyMap<string, { added: number; removed: number }> {
  const counts = new Map<string, { added: number; removed: number }>();
  let current = { added: 0, removed: 0 };
  for (const line of diff.split('\n')) {
    const path = /^diff --git a\/.* b\/(.*)$/.exec(line)?.[1];
    if (path !== undefined) {
      current = { added: 0, removed: 0 };
      counts.set(path, current);
    } else if (line.startsWith('+') && !line.startsWith('+++ ')) current.added += 1;
    else if (line.startsWith('-') && !line.startsWith('--- ')) current.removed += 1;
  }
  return counts;
}

const marks: Readonly<Record<RungResult['outcome'], string>> = { passed: '✓', failed: '✗', skipped: '–' };

function writeLadder(rungs: readonly RungResult[], style: ReportStyle): string {
  const lines = rungs.map(({ rung, outcome, command, durationMs, showsFix }) => {
    const took = durationMs < 1 ? '' : ` in ${(durationMs / 1000).toFixed(1)} s`;
    return `- ${marks[outcome]} ${rung}: ${outcome}${command === '' ? '' : `, ${code(command.slice(0, 200))}`}${took}${showsFix === true ? '; failed before the change' : ''}`;
  });
  const outputs = rungs
    .filter(({ output, rung, outcome }) => output.trim() !== '' && outcome !== 'skipped' && rung !== 'parsed' && rung !== 'applied')
    .map(({ rung, output }) => `${rung}:\n\n${indent(neutralise(endOf(output, style)))}`);
  return [lines.join('\n'), fold(outputs.join('\n\n'), 'output', style)].filter((part) => part !== '').join('\n\n');
}

/** Where nothing can be folded away, a few lines say as much. */
function endOf(output: string, { folds }: ReportStyle): string {
  const end = output.slice(-mostOutput).trimEnd();
  return folds ? end : end.split('\n').slice(-mostPlainLines).join('\n');
}

function skippedRungs(rungs: readonly RungResult[]): readonly string[] {
  return rungs.filter(({ outcome }) => outcome === 'skipped').map(({ rung, output }) => `${rung}: ${output.split('\n', 1)[0] ?? ''}`);
}

function writeReproduction({ validation, baseCommit, reproduction }: SolutionProposal, incident: Incident): string {
  const ran = (validation?.rungs ?? []).filter(({ rung, command }) => command !== '' && (rung === 'reproduced' || rung === 'tests'));
  const replay = ran.map(({ rung, command }) => `- ${rung === 'tests' ? 'tests' : 'replay'}: ${code(command.slice(0, 200))}`);
  const base = baseCommit === undefined ? '' : ` It fails at ${baseCommit.slice(0, 12)}.`;
  const test =
    reproduction === undefined
      ? []
      : [`- ${code(reproduction.path)}, ${originWords[reproduction.origin]}: it fails without the change and passes with it`];
  return [
    `The entries as they came: ${code(`hephaestusctl incidents get ${incident.id}`)}.${ran.length === 0 ? '' : base}`,
    ...test,
    ...replay,
  ].join('\n');
}

function code(text: string): string {
  return `\`${plainText(text).replaceAll('`', "'").replaceAll('\n', ' ')}\``;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
