// Benchmark `solve`: demos from their log to what is delivered, with the built-in engine, with a scripted model (good and malformed
// answers), and with any model named by `--model PROVIDER:NAME[@URL]`. Must never let a proposer see the right answer but through the script.
import type { SolutionProposal } from '../coordinator/solutions/proposal.ts';
import { say, startFakeModelServer, withCanary } from '../test/support/fake-model-server.ts';
import type { BenchmarkOptions, BenchmarkResult } from './main.ts';
import { readGivenModel, type GivenModel } from './given-model.ts';
import { findRepairData, readDemos, type Demo } from './repair-data.ts';
import { solve } from './solving.ts';

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
      const proposal = await solveDemo(demo, mode);
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

async function solveDemo(demo: Demo, mode: Mode): Promise<SolutionProposal | undefined> {
  await using server = await startFakeModelServer({ models: ['scripted'], answer: withCanary(scriptOf(demo, mode.malformed)) });
  const problem = {
    name: demo.name,
    commits: [{ subject: 'As deployed', files: demo.files }],
    log: demo.log,
    test: demo.test === undefined ? undefined : ['sh', '-c', demo.test],
  };
  return await solve(
    problem,
    mode.model ?? { provider: 'openai-compatible', baseUrl: `${server.url}/v1`, model: 'scripted' },
    mode.secrets,
  );
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
