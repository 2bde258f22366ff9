// Benchmark `solve`: demos from their log to what is delivered, with the built-in engine, with a scripted model (good and malformed
// answers), and with any model named by `--model PROVIDER:NAME[@URL]`. Must never let a proposer see the right answer but through the script.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Analyzer } from '../analysis/analyzer.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { composeSolutions } from '../coordinator/compose-solutions.ts';
import { coordinatorConfigurationSchema } from '../coordinator/config.ts';
import type { SolutionProposal } from '../coordinator/solutions/proposal.ts';
import { say, startFakeModelServer, withCanary } from '../test/support/fake-model-server.ts';
import { memoryModelRequests } from '../test/support/model-requests.ts';
import { makeRepository } from '../test/support/plain-repository-service.ts';
import { sampleIncident, sampleOccurrence, sampleRepository } from '../test/support/solution-samples.ts';
import { memoryIncidents, memoryJobs, memoryProposals, memoryRepositories } from '../test/support/solution-stores.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { readGivenModel, type GivenModel } from './given-model.ts';
import { findRepairData, readDemos, type Demo } from './repair-data.ts';

interface Mode {
  readonly name: string;
  /** The configuration's `model:` section; `undefined` answers are the scripted server's. */
  readonly model: Readonly<Record<string, unknown>> | undefined;
  /** Answers before the right ones. */
  readonly malformed: readonly string[];
  readonly secrets?: GivenModel['secrets'] | undefined;
}

export async function run(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const demos = readDemos(findRepairData(options.data));
  const modes: Mode[] = [
    { name: 'scripted', model: undefined, malformed: [] },
    { name: 'malformed', model: undefined, malformed: ['Sure, let me fix that for you!', 'some/file.js\n<<<<<<< SEARCH\nhalf a block'] },
    { name: 'builtin', model: { provider: 'builtin' }, malformed: [] },
  ];
  const given = readGivenModel(options);
  if (given !== undefined) modes.push({ name: 'model', model: given.section, malformed: [], secrets: given.secrets });
  const figures: Record<string, number> = { passed: 0, total: 0 };
  const table: string[] = [];
  // `-- solve builtin` runs one way alone.
  const wanted = modes.filter(({ name }) => options.rest.includes(name));
  for (const mode of wanted.length === 0 ? modes : wanted) {
    let solved = 0;
    for (const demo of demos) {
      const startedAt = performance.now();
      const proposal = await solve(demo, mode);
      const fault = judge(demo, proposal);
      if (fault === undefined) solved += 1;
      table.push(
        `${mode.name.padEnd(10)} ${demo.name.padEnd(20)} ${fault ?? 'right'} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`,
      );
    }
    figures[`${mode.name}Solved`] = solved;
    // Every right answer has to be proven; what patterns and models can do by themselves is their own figure.
    if (mode.model !== undefined) continue;
    figures['passed'] = (figures['passed'] ?? 0) + solved;
    figures['total'] = (figures['total'] ?? 0) + demos.length;
  }
  return { figures, conditions: { demos: demos.length }, table };
}

async function solve(demo: Demo, mode: Mode): Promise<SolutionProposal | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'heph-solve-'));
  await using server = await startFakeModelServer({ models: ['scripted'], answer: withCanary(scriptOf(demo, mode.malformed)) });
  try {
    const directory = join(folder, 'origin');
    await makeRepository(directory, [{ subject: 'As deployed', files: demo.files }]);
    const { record, fingerprint } = new Analyzer().analyze(demo.name, demo.log, { service: demo.name });
    const title =
      (record.trace === undefined ? record.message : `${record.trace.type ?? 'error'}: ${record.trace.message}`).split('\n', 1)[0] ?? '';
    const incident = sampleIncident({ service: demo.name, title, fingerprint });
    const command = demo.test === undefined ? undefined : ['sh', '-c', demo.test];
    const repository = sampleRepository({
      name: demo.name,
      services: [demo.name],
      url: directory,
      commands: { setup: undefined, build: undefined, test: command, reproduce: undefined },
    });
    const config = coordinatorConfigurationSchema.parse({
      stateDirectory: join(folder, 'state'),
      model: mode.model ?? { provider: 'openai-compatible', baseUrl: `${server.url}/v1`, model: 'scripted' },
    });
    const proposals = memoryProposals();
    const jobs = memoryJobs();
    const parts = composeSolutions({
      following: undefined,
      witness: undefined,
      config,
      clock: systemClock,
      logger: silentLogger,
      secrets: mode.secrets ?? { get: async () => undefined },
      incidents: memoryIncidents(incident, [
        sampleOccurrence(record.trace, { service: demo.name, raw: demo.log, message: record.message }),
      ]),
      proposals,
      repositoryStore: memoryRepositories(repository),
      jobs,
      requests: await memoryModelRequests(),
      searchPath: (process.env['PATH'] ?? '').split(':'),
    });
    const never = new AbortController().signal;
    await parts.modelService.start(never);
    await jobs.enqueue('propose', incident.id);
    await parts.runner.start(never);
    while ((await jobs.pending()) > 0) await systemClock.sleep(50);
    await parts.runner.stop(never);
    return [...proposals.all.values()].at(-1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A diagnosis first, then what is malformed, then the right edits. */
function scriptOf(demo: Demo, malformed: readonly string[]): (request: { readonly hasSchema: boolean }) => ReturnType<typeof say> {
  const answers = [...malformed];
  const action = demo.gold.length === 0 ? 'none' : 'edit';
  const diagnosis = { summary: `Fix ${demo.name}`, rootCause: 'As the script says.', claims: [], action, files: demo.fixedFiles, risk: '' };
  const edits = demo.gold.map(
    ({ path, search, replace }) =>
      `${path}\n<<<<<<< SEARCH\n${search.replace(/\n$/, '')}\n=======\n${replace.replace(/\n$/, '')}\n>>>>>>> REPLACE`,
  );
  return ({ hasSchema }) => say(hasSchema ? JSON.stringify(diagnosis) : (answers.shift() ?? edits.join('\n\n')));
}

/** What is wrong with the outcome; undefined if it is right. */
function judge(demo: Demo, proposal: SolutionProposal | undefined): string | undefined {
  if (proposal === undefined) return 'there is no proposal';
  if (demo.action === 'issue') {
    return proposal.state === 'diagnosed' && proposal.diff === ''
      ? undefined
      : `ended as ${proposal.state} with ${proposal.diff.length} characters of edits`;
  }
  if (proposal.state !== 'published') return `${proposal.state}: ${proposal.stateReason.slice(0, 200)}`;
  const strange = Object.keys(proposal.files).filter((path) => !demo.fixedFiles.includes(path) && path !== proposal.reproduction?.path);
  return strange.length === 0 ? undefined : `changed ${strange.join(', ')}`;
}
