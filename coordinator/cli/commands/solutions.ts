// `hephaestusctl solutions`: proposals, their proof, and a person's word on them.
// Must never judge a proposal; it shows the validation report.
import type { Command } from 'commander';
import { RungOutcome, SolutionState, type RungResult, type SolutionProposal } from '../../../proto/index.ts';
import { countArgument, enumList } from '../arguments.ts';
import { usage, type CommandContext } from '../command-context.ts';
import { diffColour } from '../diff-colour.ts';
import { collectPages } from '../paging.ts';
import { age, ago, duration, durationMs, enumLabel, percent, safe } from '../presentation.ts';
import { addTranscriptCommand } from './transcript.ts';
import { paint, properties, section, table, type Colour, type Column, type Style } from '../table.ts';

const stateColours: Readonly<Record<string, Colour>> = {
  published: 'green',
  'awaiting-approval': 'yellow',
  diagnosed: 'yellow',
  rejected: 'dim',
  failed: 'red',
  merged: 'yellow',
  declined: 'dim',
  superseded: 'dim',
  fixed: 'green',
  'not-fixed': 'red',
};

const outcomeMarks: Readonly<Record<string, readonly [string, Colour]>> = {
  [RungOutcome.PASSED]: ['✓', 'green'],
  [RungOutcome.FAILED]: ['✗', 'red'],
  [RungOutcome.SKIPPED]: ['–', 'dim'],
};

export function addSolutionsCommands(program: Command, context: CommandContext): void {
  const solutions = program.command('solutions').description('proposals, their proof, and your word on them');

  solutions
    .command('list')
    .description('proposals, newest first')
    .option('--incident <ID>', 'only of this incident')
    .option('--state <STATE,…>', 'only in these states')
    .option('--limit <COUNT>', 'at most this many; 0 means all', '50')
    .action(async (options: { incident?: string; state?: string; limit: string }, command: Command) => {
      const states = enumList('--state', options.state, SolutionState);
      const limit = countArgument('--limit', options.limit, 1_000_000);
      const { connection, output } = await context.open(command);
      const found = await collectPages(limit, async (page) => {
        const answer = await connection.solutions.listSolutions({ page, states, incidentId: options.incident ?? '' });
        return { items: answer.solutions, nextPageToken: answer.nextPageToken };
      });
      output.show(found, (style) => (found.length === 0 ? 'no solutions' : table(found, columns(context.now()), style)));
    });

  solutions
    .command('get')
    .description('one proposal: diagnosis, suspect commits, proof, delivery')
    .argument('<id>', 'or the beginning of it')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { solution } = await connection.solutions.getSolution({ id });
      output.show(solution, (style) => (solution === undefined ? '' : solutionPage(solution, context.now(), style)));
    });

  solutions
    .command('diff')
    .description('the edits as a unified diff, fit for git apply')
    .argument('<id>', 'or the beginning of it')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { solution } = await connection.solutions.getSolution({ id });
      if (solution === undefined || solution.diff === '') throw usage(`solution ${id} has no edits: ${solution?.stateReason ?? ''}`);
      output.show({ id: solution.id, diff: solution.diff }, (style) =>
        style.width === undefined ? solution.diff : diffText(solution.diff, style),
      );
    });

  addTranscriptCommand(solutions, context);

  solutions
    .command('propose')
    .description('ask for a new proposal, also where one exists')
    .argument('<incident>', 'id of an incident')
    .action(async (incidentId: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { solution } = await connection.solutions.generateSolutionProposal({ incidentId });
      output.show(
        solution,
        () => `proposal ${solution?.id ?? ''} has begun; follow it: hephaestusctl solutions watch --incident ${incidentId}`,
      );
    });

  solutions
    .command('validate')
    .description('climb the ladder of proof once more')
    .argument('<id>')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { connection, output } = await context.open(command);
      const { solution } = await connection.solutions.validateSolutionProposal({ id }, { deadline: 3_600_000 });
      output.show(solution, (style) => (solution === undefined ? '' : `${stateOf(solution)}\n${rungsText(solution, style)}`));
    });

  solutions
    .command('approve')
    .description('publish what waits for approval')
    .argument('<id>')
    .option('--note <TEXT>', 'why', '')
    .action(async (id: string, options: { note: string }, command: Command) => {
      const { connection, output } = await context.open(command);
      const { solution } = await connection.solutions.approveSolution({ id, note: options.note }, { deadline: 300_000 });
      output.show(solution, () => `solution ${solution?.id ?? id} is ${solution === undefined ? 'approved' : stateOf(solution)}`);
    });

  solutions
    .command('reject')
    .description('it will not be published')
    .argument('<id>')
    .option('--note <TEXT>', 'why', '')
    .action(async (id: string, options: { note: string }, command: Command) => {
      const { connection, output } = await context.open(command);
      const { solution } = await connection.solutions.rejectSolution({ id, note: options.note });
      output.show(solution, () => `solution ${solution?.id ?? id} is ${solution === undefined ? 'rejected' : stateOf(solution)}`);
    });

  solutions
    .command('watch')
    .description('every step of a proposal, until Ctrl-C')
    .option('--incident <ID>', 'only of this incident', '')
    .action(async (options: { incident: string }, command: Command) => {
      const { connection, output } = await context.open(command);
      for await (const change of connection.solutions.watchSolutions({ incidentId: options.incident }, { signal: context.signal })) {
        const { solution } = change;
        if (solution === undefined) continue;
        output.item(change, (style) => {
          const time = paint(solution.updatedAt?.toISOString() ?? '', 'dim', style);
          return `${time}  ${solution.id}  ${paint(stateOf(solution).padEnd(17), stateColours[stateOf(solution)], style)}  ${safe(change.event)}`;
        });
      }
    });
}

function stateOf(solution: SolutionProposal): string {
  return enumLabel(solution.state, 'SOLUTION_STATE');
}

function columns(nowMs: number): Column<SolutionProposal>[] {
  return [
    { title: 'ID', value: (solution) => solution.id },
    { title: 'STATE', value: stateOf, colour: (solution) => stateColours[stateOf(solution)] },
    { title: 'INCIDENT', value: (solution) => solution.incidentId },
    { title: 'BY', value: (solution) => [solution.provider, solution.model].filter(Boolean).join(' ') },
    {
      title: 'PROOF',
      value: (solution) => (solution.validation?.rungs ?? []).map((rung) => outcomeMarks[rung.outcome]?.[0] ?? '?').join(''),
    },
    { title: 'SURE', value: (solution) => percent(solution.confidence), right: true },
    { title: 'AGE', value: (solution) => age(solution.createdAt, nowMs) },
    { title: 'SUMMARY', value: (solution) => solution.diagnosis?.summary ?? solution.stateReason, stretch: true },
  ];
}

function solutionPage(solution: SolutionProposal, nowMs: number, style: Style): string {
  const { diagnosis, changeRequest } = solution;
  const head = properties(
    [
      ['id', solution.id],
      ['incident', solution.incidentId],
      ['state', stateOf(solution), stateColours[stateOf(solution)] ?? 'dim'],
      ['because', solution.stateReason],
      ['made by', [solution.provider, solution.model].filter(Boolean).join(' ')],
      ['confidence', percent(solution.confidence)],
      ['begun', ago(solution.createdAt, nowMs)],
      [
        'delivered',
        changeRequest === undefined
          ? ''
          : [changeRequest.kind, changeRequest.branch, changeRequest.url || changeRequest.remote].filter(Boolean).join(' · '),
      ],
      ['decided by', solution.decidedBy],
      ['takes back', solution.reverts],
      ...followUpLines(solution),
    ],
    style,
  );
  const parts: [string, string][] = [
    ['What is wrong', diagnosis?.summary ?? ''],
    ['Root cause', diagnosis?.rootCause ?? ''],
    ['Why we think so', (diagnosis?.claims ?? []).map((claim) => `${claim.statement} [${claim.evidenceIds.join(', ')}]`).join('\n')],
    [
      'Where',
      solution.locations
        .map((place) => `${place.path}${place.line === 0 ? '' : `:${place.line}`} ${place.function} (${place.reasons.join('; ')})`)
        .join('\n'),
    ],
    [
      'Suspect commits',
      solution.suspectCommits
        .map((suspect) => `${suspect.commit.slice(0, 10)} ${suspect.subject} (${percent(suspect.score)}: ${suspect.reasons.join('; ')})`)
        .join('\n'),
    ],
    ['Models', modelsText(solution)],
    ['Risk', diagnosis?.risk ?? ''],
    ['Not checked', (diagnosis?.notChecked ?? []).join('\n')],
  ];
  return [
    head,
    ...parts.filter(([, body]) => body !== '').map(([title, body]) => section(title, safe(body), style)),
    ...((solution.validation?.rungs.length ?? 0) === 0 ? [] : [section('Proof', rungsText(solution, style), style)]),
    ...(solution.diff === '' ? [] : [section('Edits', diffText(solution.diff, style), style)]),
  ].join('\n\n');
}

/** Which models were asked, why the others weren't, and what it cost. */
function modelsText({ modelChoices, usage: spent }: SolutionProposal): string {
  const lines = modelChoices.map(
    ({ name, model, verdict, reason }) => `${name}${model === '' ? '' : ` (${model})`}: ${verdict}; ${reason}`,
  );
  const isFree = spent === undefined || spent.requests === 0;
  const cost = isFree
    ? []
    : [`${spent.requests} request(s), ${spent.inputTokens + spent.outputTokens} tokens, ${spent.costUsd.toFixed(4)} USD`];
  return [...lines, ...cost].join('\n');
}

function followUpLines({ followUp }: SolutionProposal): [string, string][] {
  if (followUp === undefined) return [];
  const { verdict } = followUp;
  const merged =
    followUp.mergeCommit === '' ? '' : [followUp.mergeCommit.slice(0, 12), followUp.mergedAt?.toISOString()].filter(Boolean).join(' at ');
  const lines: [string, string][] = [
    ['checks', followUp.checks],
    ['trouble', followUp.problem],
    ['merged', merged],
  ];
  if (verdict === undefined) return lines;
  lines.push(['did it work', verdict.verdict]);
  if (verdict.verdict === 'not-deployed') return lines;
  const elsewhere = verdict.seenOnOld + verdict.seenAmbiguous;
  lines.push(
    ['runs since', `${verdict.beganAt?.toISOString() ?? '-'} as ${verdict.revisions.slice(0, 3).join(', ')} on ${verdict.nodes} node(s)`],
    ['expected', `${verdict.expected.toPrecision(3)} occurrences of this traffic at the rate before`],
    ['seen', `${verdict.seen}${elsewhere === 0 ? '' : `, and ${elsewhere} on old or unknown revisions`}`],
    [
      'chance',
      `${verdict.chanceOfSilence.toPrecision(2)} that a quarter of it would be as silent (${verdict.errorProbability} is asked for)`,
    ],
    ['stale nodes', verdict.staleNodes.join(' ')],
  );
  return lines;
}

function rungsText(solution: SolutionProposal, style: Style): string {
  return (solution.validation?.rungs ?? []).map((rung) => rungText(rung, style)).join('\n');
}

function rungText(rung: RungResult, style: Style): string {
  const [mark, colour] = outcomeMarks[rung.outcome] ?? ['?', 'dim'];
  const detail = rung.outcome === RungOutcome.PASSED ? rung.command : [rung.command, rung.output].filter(Boolean).join('\n      ');
  const name = enumLabel(rung.rung, 'RUNG').padEnd(10);
  return `${paint(mark, colour, style)} ${name}  ${duration(durationMs(rung.duration) ?? 0).padStart(6)}  ${safe(detail)}`.trimEnd();
}

function diffText(diff: string, style: Style): string {
  return safe(diff)
    .trimEnd()
    .split('\n')
    .map((line) => paint(line, diffColour(line), style))
    .join('\n');
}
