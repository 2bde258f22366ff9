// A proposal in words, for commit messages, change requests and issues.
// Must never let text from logs or models steer the forge: mentions, closing words, comments and images are disarmed.
import type { Incident } from '../incidents/incident.ts';
import { plainText } from './output-tail.ts';
import type { RungResult, SolutionProposal } from './proposal.ts';

const mostOutput = 1_500;

/** One line, at most 72 characters: what a change request is called. */
export function writeTitle(proposal: Pick<SolutionProposal, 'diagnosis'>, incident: Incident): string {
  return oneLine(`Fix ${proposal.diagnosis?.summary ?? incident.title}`, 72);
}

/** One line, at most 120 characters: what an issue is called. */
export function writeIssueTitle(incident: Incident): string {
  return oneLine(`${incident.service}: ${incident.title}`, 120);
}

function oneLine(text: string, most: number): string {
  return neutralise(text).replaceAll(/\s+/g, ' ').trim().slice(0, most).trimEnd();
}

/** Markdown. */
export function writeReport(proposal: SolutionProposal, incident: Incident): string {
  const { diagnosis, suspectCommits, locations, validation } = proposal;
  const suspect = suspectCommits[0];
  const place = locations[0];
  const parts = [
    `Incident ${incident.id} of service ${neutralise(incident.service)}: ${incident.occurrences} occurrence(s) on ${incident.nodeIds.length} node(s), first seen ${new Date(incident.firstSeenAtMs).toISOString()}.`,
    section('What happened', diagnosis === undefined ? neutralise(incident.title) : neutralise(diagnosis.summary)),
    section('Root cause', neutralise(diagnosis?.rootCause ?? '')),
    section(
      'Why',
      (diagnosis?.claims ?? [])
        .map(({ statement, evidenceIds }) => `- ${neutralise(statement)}${evidenceIds.length === 0 ? '' : ` [${evidenceIds.join(', ')}]`}`)
        .join('\n'),
    ),
    section('Where', place === undefined ? '' : code(`${place.path}${place.line === undefined ? '' : `:${place.line}`}`)),
    section('Suspect commit', suspect === undefined ? '' : `${suspect.commit.hash} ${neutralise(suspect.commit.subject)}`),
    section('Proof', writeLadder(validation?.rungs ?? [])),
    section('Risk', neutralise(diagnosis?.risk ?? '')),
    section('Not checked', (diagnosis?.notChecked ?? []).map((item) => `- ${neutralise(item)}`).join('\n')),
    section('Evidence', proposal.evidence.map(({ id, kind, title }) => `- ${id} (${kind}): ${neutralise(title)}`).join('\n')),
    `Proposed by ${neutralise(proposal.provider)}${proposal.model === '' ? '' : ` (${neutralise(proposal.model)})`}; confidence ${proposal.confidence.toFixed(2)}. ${proposal.stateReason === '' ? '' : neutralise(proposal.stateReason)}`.trim(),
    writeChoices(proposal),
    `Hephaestus-Incident: ${incident.id}\nHephaestus-Fingerprint: ${incident.fingerprint.value}\nHephaestus-Solution: ${proposal.id}`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Which models were asked, and why the others weren't; nothing where there was no choice. */
function writeChoices({ modelChoices = [], usage }: SolutionProposal): string {
  const lines = modelChoices.map(
    ({ name, model, verdict, reason }) => `- ${neutralise(name)} (${neutralise(model)}): ${verdict}; ${neutralise(reason)}`,
  );
  const spent =
    usage.requests === 0
      ? []
      : [`- ${usage.requests} request(s), ${usage.inputTokens + usage.outputTokens} tokens, ${usage.costUsd.toFixed(4)} USD`];
  return section('Models', [...lines, ...spent].join('\n'));
}

function section(title: string, body: string): string {
  return body.trim() === '' ? '' : `## ${title}\n${body}`;
}

function writeLadder(rungs: readonly RungResult[]): string {
  return rungs
    .map(({ rung, outcome, command, durationMs, output }) => {
      const head = `- ${rung}: ${outcome}${command === '' ? '' : `, ${code(command.slice(0, 200))}`}${durationMs < 1 ? '' : ` in ${(durationMs / 1000).toFixed(1)} s`}`;
      const first = neutralise(output.split('\n', 1)[0] ?? '').slice(0, 300);
      const detail =
        outcome === 'failed'
          ? `\n\n${indent(neutralise(output.slice(-mostOutput)))}\n`
          : first === '' || rung === 'parsed'
            ? ''
            : `\n  ${first}`;
      return head + detail;
    })
    .join('\n');
}

function code(text: string): string {
  return `\`${plainText(text).replaceAll('`', "'").replaceAll('\n', ' ')}\``;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n');
}

/**
 * Disarms what a forge acts on: `@name`, closing words before an issue's number, commands at the beginning of a line, trailers, words
 * that skip checks, HTML, images and links, and what looks like a key. Control and hidden characters are removed; the only ones left
 * are those that are put in here to part what would act.
 */
export function neutralise(text: string): string {
  const zeroWidth = '\u200b';
  return plainText(text)
    .replaceAll(/<!--[\s\S]*?(?:-->|$)/g, '')
    .replaceAll(/&(?=#\w{1,8};?|[a-z]\w{1,30};)/gi, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/!\[([^\]\n]{0,200})\]\([^)\n]{0,2000}\)/g, '[image: $1]')
    .replaceAll(/\[([^\]\n]{0,200})\]\((?:https?:|\/\/|javascript:|data:)[^)\n]{0,2000}\)/gi, '$1')
    .replaceAll(/^([ \t]{0,3}\[[^\]\n]{1,200}\]):(?=[ \t]*\S)/gm, `$1${zeroWidth}:`)
    .replaceAll(/\b(https?|ftp|mailto|javascript|data):(?=\S)/gi, `$1:${zeroWidth}`)
    .replaceAll(/\bwww\.(?=\w)/gi, `www.${zeroWidth}`)
    .replaceAll(/@(?=[A-Za-z0-9])/g, `@${zeroWidth}`)
    .replaceAll(
      /\b(close[sd]?|closing|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)(:?\s+)(?=(?:[\w.-]+\/[\w.-]+)?(?:[#!]|GH-)\d)/gi,
      `$1${zeroWidth}$2`,
    )
    .replaceAll(/([#!]|GH-)(?=\d)/gi, `$1${zeroWidth}`)
    .replaceAll(/^([ \t>*-]{0,8})\/(?=[a-z_-]{1,40}(?:[ \t]|$))/gim, `$1${zeroWidth}/`)
    .replaceAll(/^((?:[a-z]+-)*by|change-id|hephaestus-[a-z]+)(?=[ \t]*:)/gim, `$1${zeroWidth}`)
    .replaceAll(/(?:\[|\*{3})(?=(?:skip|no|ci|azure|actions)[ _-])/gi, `$&${zeroWidth}`)
    .replaceAll(
      /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|sk-[\w-]{20,}|AKIA[A-Z0-9]{16}|xox[abprs]-[\w-]{10,})/g,
      '[secret removed]',
    );
}
