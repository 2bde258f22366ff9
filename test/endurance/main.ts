// Long tests of the agent's promise: `npm run test:endurance -- scenarios` and `npm run test:endurance -- soak --minutes 60`.
// Must never be part of CI: they take minutes to hours, and want the machine for themselves.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { agentProgramVariable } from '../support/agent-harness.ts';
import { packageAgent } from './packaged-agent.ts';
import { soak } from './soak.ts';
import { storms } from './storm.ts';

const usage = `Usage: npm run test:endurance -- scenarios [PATTERN] [--agent PROGRAM]
       npm run test:endurance -- soak [--minutes N] [--seed N] [--rate LINES] [--keep] [--agent PROGRAM]
       npm run test:endurance -- storms [--minutes N] [--seed N] [--count N]

  scenarios  the scenarios of the agent's promise at full strength: rates, durations and numbers as promised (15 minutes)
  soak       random faults against a real agent; ends with 1 unless every line arrived once, in order, and without a gap
  storms     file sources in one process, each with its log, rotated, restarted and cut off within seconds, again and again

  --minutes  how long; default 60
  --seed     the same seed draws the same faults (when they happen is up to the machine); default: the clock
  --rate     lines a second over all logs; default 5000
  --keep     keep the folder if something was wrong
  --agent    an installed agent's program; default: this source, bundled and started as its package does it
  --count    storms at the same time; default 20
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      rate: { type: 'string', default: '5000' },
      count: { type: 'string', default: '20' },
      keep: { type: 'boolean', default: false },
      agent: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [what, pattern] = positionals;
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const numbers = [values.minutes, values.seed, values.rate, values.count].map(Number);
  const [minutes = 0, seed = 0, linesPerSecond = 0, count = 0] = numbers;
  const isWrong = numbers.some((number) => !Number.isFinite(number)) || minutes <= 0 || linesPerSecond <= 0 || count <= 0;
  if ((what !== 'soak' && what !== 'storms' && what !== 'scenarios') || isWrong) {
    console.error(usage);
    return 2;
  }
  if (what === 'storms') return (await storms({ minutes, seed, count })) ? 0 : 1;
  using packaged = values.agent === undefined ? await packageAgent() : undefined;
  process.env[agentProgramVariable] = packaged?.program ?? values.agent;
  if (what === 'scenarios') return runScenarios(pattern);
  console.log(`soak of ${minutes} min, seed ${seed}, ${linesPerSecond} lines a second`);
  return (await soak({ minutes, seed, linesPerSecond, keeps: values.keep })) ? 0 : 1;
}

function runScenarios(pattern: string | undefined): number {
  const words = ['run', '--project', 'system', 'test/system/scenarios', '--testTimeout=1800000', '--reporter=verbose'];
  const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
  const done = spawnSync(process.execPath, [vitest, ...words, ...(pattern === undefined ? [] : ['-t', pattern])], {
    stdio: 'inherit',
    env: { ...process.env, HEPHAESTUS_FULL_STRENGTH: '1' },
  });
  return done.status ?? 1;
}

process.exitCode = await main();
