// `npm run demo`: a crash in a running service's log becomes a proven fix, told as it happens.
// Must never touch anything outside its temporary folder and loopback.
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { HephaestusError } from '../base/errors.ts';
import { durationMs, enumLabel } from '../coordinator/cli/presentation.ts';
import { setStage, type Stage } from './demo/stage.ts';
import { Story } from './demo/story.ts';
import { sendTraffic } from './demo/traffic.ts';
import { Witness, solutionState, type Sighting } from './demo/witness.ts';

const help = `Usage: npm run demo -- [options]

Starts a coordinator, an agent and a small service on loopback, lets the service fail, and shows how the failure in its
log becomes a proven change request in the service's git repository. Everything lives in a temporary folder.

Options:
  --keep                 leave it running at the end, until Ctrl-C
  --model NAME           auto (default), builtin, or ollama:NAME for a model of a local Ollama
  --json FILE            write the outcome as JSON
  --help                 print this help
`;

const project = dirname(import.meta.dirname);
const giveUpAfterMs = 300_000;

async function main(): Promise<number> {
  const values = readArguments();
  if (values === undefined) return 2;
  if (values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort(new Error('interrupted')));
  const story = new Story(
    { width: process.stdout.columns, colours: process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '' },
    (text) => process.stdout.write(text),
  );
  let stage: Stage | undefined;
  const ending = new AbortController();
  const signal = AbortSignal.any([interrupted.signal, ending.signal]);
  const begunAtMs = Date.now();
  try {
    story.chapter('Setting up: a git repository with a bare remote, a coordinator and an agent');
    const onDeath = (name: string, how: string) => story.step('!', `the ${name} process died (${how}); starting it again`);
    stage = await setStage({ project, model: values.model ?? 'auto', onDeath });
    story.step('✓', `coordinator on ${stage.coordinatorAddress}, with a certificate authority of its own`);
    if (!stage.isolated) {
      story.step(
        '!',
        'bubblewrap is missing or may not make namespaces: the proof runs without a sandbox, which is fine for this demo only',
      );
    }
    await stage.startAgent();
    story.step('✓', `service “orders” runs commit ${stage.repository.head.slice(0, 10)} and logs to ${stage.serviceLog}`);
    const witness = new Witness(stage.connection, story);
    const overdue = AbortSignal.any([signal, AbortSignal.timeout(giveUpAfterMs)]);
    await witness.untilNodeJoined(overdue);

    story.chapter('Customers come; some of them are guests');
    const failure = Promise.withResolvers<number>();
    const { serviceLog } = stage;
    void sendTraffic({
      baseUrl: stage.serviceUrl,
      signal,
      guestsAllowed: Promise.resolve(),
      onFirstFailure(atMs) {
        story.step('✗', 'a guest got “500 internal error”; the log says:');
        void readFile(serviceLog, 'utf8').then((text) => story.quote(failureExcerpt(text)));
        failure.resolve(atMs);
      },
    });

    const sighting = await witness.untilSolved(overdue);
    if (values.model?.startsWith('ollama:') === true && sighting.solution.provider !== 'ollama') {
      story.step(
        '!',
        `${values.model} could not make a proposal, so the built-in engine did; why: ${stage.folder}/coordinator.out (with --keep)`,
      );
    }
    const outcome = describeOutcome(sighting, stage, { begunAtMs, failedAtMs: await failure.promise });
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(outcome, undefined, 2)}\n`);
    const published = solutionState(sighting.solution) === 'published';
    story.chapter(published ? 'Done: from a line in a log to a proven fix' : 'It ended without a change request');
    tellWhereToLook(story, stage, sighting, values.keep === true);
    if (values.keep === true) {
      story.plain('\nEverything keeps running; press Ctrl-C to end it and remove the folder.');
      if (!signal.aborted) await once(signal, 'abort');
    }
    return published ? 0 : 1;
  } catch (error) {
    if (interrupted.signal.aborted) {
      story.plain('\ninterrupted; cleaning up');
      return 130;
    }
    story.step('✗', HephaestusError.from(error).message);
    if (stage !== undefined)
      story.quote(
        await readFile(`${stage.folder}/coordinator.out`, 'utf8').then(
          (text) => text.slice(-3000),
          () => '',
        ),
      );
    return 1;
  } finally {
    ending.abort();
    await stage?.strike();
  }
}

function readArguments() {
  try {
    return parseArgs({
      options: { keep: { type: 'boolean' }, model: { type: 'string' }, json: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return undefined;
  }
}

/** The error line of the first failure and the first lines of its stack. */
function failureExcerpt(log: string): string {
  const lines = log.split('\n');
  const at = lines.findIndex((line) => line.includes(' ERROR '));
  return lines.slice(Math.max(0, at - 1), at + 5).join('\n');
}

function describeOutcome(sighting: Sighting, stage: Stage, times: { begunAtMs: number; failedAtMs: number }): unknown {
  const { incident, solution } = sighting;
  const rungs = (solution.validation?.rungs ?? []).map(
    (rung) => [enumLabel(rung.rung, 'RUNG'), enumLabel(rung.outcome, 'RUNG_OUTCOME')] as const,
  );
  return {
    incidentId: incident.id,
    fingerprint: incident.fingerprint,
    provider: solution.provider,
    suspectCommit: solution.suspectCommits[0]?.commit ?? null,
    rungs: Object.fromEntries(rungs),
    changeRequest:
      solution.changeRequest?.kind === 'change-request'
        ? { remote: stage.repository.remote, branch: solution.changeRequest.branch, commit: solution.changeRequest.commit }
        : null,
    timingsMs: {
      logLineToIncident: sighting.incidentSeenAtMs - times.failedAtMs,
      incidentToProposal: sighting.proposalSeenAtMs === undefined ? null : sighting.proposalSeenAtMs - sighting.incidentSeenAtMs,
      total: Date.now() - times.begunAtMs,
    },
    validationMs: (solution.validation?.rungs ?? []).reduce((sum, rung) => sum + (durationMs(rung.duration) ?? 0), 0),
  };
}

function tellWhereToLook(story: Story, stage: Stage, sighting: Sighting, kept: boolean): void {
  const ctl = `HEPHAESTUS_COORDINATOR=${stage.coordinatorAddress} HEPHAESTUS_STATE_DIRECTORY=${stage.stateDirectory} npm run -s ctl --`;
  story.plain(
    kept
      ? [
          '',
          `  ${ctl} incidents get ${sighting.incident.id}`,
          `  ${ctl} solutions get ${sighting.solution.id}`,
          `  ${ctl} logs tail`,
          `  git -C ${stage.repository.remote} log -p -1 ${sighting.solution.changeRequest?.branch ?? 'main'}`,
          `  curl ${stage.metricsUrl}/metrics`,
        ].join('\n')
      : [
          '',
          '  Look around yourself:   npm run demo -- --keep',
          '  With a local model:     npm run demo -- --model ollama:qwen2.5-coder:7b',
          '  On your own hosts:      README.md, “From the demo to two hosts”',
          '  How it works:           docs/architecture.md',
        ].join('\n'),
  );
}

process.exitCode = await main();
