// What goes wrong in a soak, one fault after the other, in an order that a seed decides.
// Must never do what no follower could survive: files go away unread only where the scenario says so, and none says so here.
import { truncateSync, unlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Draw } from './draw.ts';
import type { LogName, SoakStage } from './soak-stage.ts';

export interface Fault {
  readonly name: string;
  /** Relative to the others. */
  readonly weight: number;
  readonly isPossible?: (stage: SoakStage) => boolean;
  /** Resolves once it is over and things may go on. */
  readonly happen: (stage: SoakStage, draw: Draw) => Promise<void>;
}

const rotated: readonly LogName[] = ['create', 'copytruncate', 'compress', 'delaycompress', 'olddir'];

function oneOf<T>(all: readonly T[], draw: Draw): T {
  const drawn = all[Math.floor(draw() * all.length)];
  if (drawn === undefined) throw new Error('nothing to draw from');
  return drawn;
}

async function coordinatorAway(stage: SoakStage, forMs: number): Promise<void> {
  stage.coordinator.kill();
  await sleep(forMs);
  await stage.coordinator.listen();
}

export const faults: readonly Fault[] = [
  {
    name: 'rotate',
    weight: 8,
    happen: async (stage, draw) => {
      stage.rotate(oneOf(rotated, draw));
    },
  },
  {
    name: 'kill the agent',
    weight: 4,
    happen: async (stage, draw) => {
      await stage.end('SIGKILL');
      await sleep(draw() * 2000);
      stage.start();
    },
  },
  {
    name: 'rotate while the agent is down',
    weight: 3,
    happen: async (stage, draw) => {
      await stage.end(draw() < 0.5 ? 'SIGKILL' : 'SIGTERM');
      for (let round = 0; round <= draw() * 3; round += 1) {
        await sleep(draw() * 800);
        stage.rotate(oneOf(rotated, draw));
      }
      await sleep(draw() * 500);
      stage.start();
    },
  },
  {
    name: 'restart the agent',
    weight: 2,
    happen: async (stage) => {
      await stage.end('SIGTERM');
      stage.start();
    },
  },
  {
    name: 'freeze the agent and rotate',
    weight: 2,
    happen: async (stage, draw) => {
      stage.agent.child.kill('SIGSTOP');
      await sleep(draw() * 1500);
      stage.rotate(oneOf(rotated, draw));
      await sleep(draw() * 1500);
      stage.agent.child.kill('SIGCONT');
    },
  },
  {
    name: 'stop the agent for long',
    weight: 0.5,
    happen: async (stage, draw) => {
      stage.agent.child.kill('SIGSTOP');
      for (let round = 0; round < 3; round += 1) {
        await sleep(draw() * 10_000);
        stage.rotate(oneOf(rotated, draw));
      }
      stage.agent.child.kill('SIGCONT');
    },
  },
  {
    name: 'starve the agent',
    weight: 1,
    happen: async (stage, draw) => {
      const { child } = stage.agent;
      const endMs = performance.now() + 5000 + draw() * 10_000;
      while (performance.now() < endMs) {
        child.kill('SIGSTOP');
        await sleep(90);
        child.kill('SIGCONT');
        await sleep(10);
      }
    },
  },
  { name: 'kill the coordinator', weight: 3, happen: (stage, draw) => coordinatorAway(stage, draw() * 3000) },
  {
    name: 'rotate while the coordinator is away',
    weight: 2,
    happen: async (stage, draw) => {
      const away = coordinatorAway(stage, 2000 + draw() * 3000);
      for (let round = 0; round < 3; round += 1) {
        await sleep(draw() * 700);
        stage.rotate(oneOf(rotated, draw));
      }
      await away;
    },
  },
  {
    name: 'send GOAWAY',
    weight: 1,
    happen: async (stage) => {
      await stage.coordinator.goAway();
      await stage.coordinator.listen();
    },
  },
  {
    name: 'cut all connections',
    weight: 3,
    happen: async (stage) => {
      stage.link.cut();
    },
  },
  {
    name: 'freeze all connections',
    weight: 1,
    happen: async (stage, draw) => {
      stage.link.freeze();
      await sleep(draw() * 10_000);
    },
  },
  {
    name: 'stop reading',
    weight: 1,
    happen: async (stage, draw) => {
      stage.coordinator.behaviour.isDeaf = true;
      await sleep(draw() * 4000);
      stage.coordinator.behaviour.isDeaf = false;
    },
  },
  {
    name: 'lose acknowledgements',
    weight: 2,
    happen: async (stage, draw) => {
      stage.coordinator.behaviour.swallowAcks = true;
      await sleep(draw() * 2000);
      stage.link.cut();
      stage.coordinator.behaviour.swallowAcks = false;
    },
  },
  {
    name: 'acknowledge oddly',
    weight: 1,
    happen: async (stage, draw) => {
      stage.coordinator.behaviour.oddAcks = true;
      await sleep(draw() * 2000);
      stage.coordinator.behaviour.oddAcks = false;
    },
  },
  {
    name: 'truncate what was read',
    weight: 2,
    happen: async (stage) => {
      await stage.whenDrained('truncated', () => truncateSync(stage.pathOf('truncated')));
    },
  },
  {
    name: 'unlink, write on, begin anew',
    weight: 1,
    happen: async (stage) => {
      await stage.whenDrained('unlinked', async () => {
        unlinkSync(stage.pathOf('unlinked'));
        stage.seriesOf('unlinked').write(100);
        await stage.drained('unlinked');
        stage.seriesOf('unlinked').reopen();
      });
    },
  },
  {
    name: 'fill the state disk',
    weight: 1,
    isPossible: (stage) => stage.canFillState,
    happen: async (stage, draw) => {
      stage.fillState();
      await sleep(draw() * 4000);
      if (draw() < 0.5) {
        await stage.end('SIGKILL');
        stage.start();
        await sleep(1000);
      }
      stage.emptyState();
    },
  },
];

export function drawFault(stage: SoakStage, draw: Draw): Fault {
  const possible = faults.filter(({ isPossible }) => isPossible?.(stage) !== false);
  let left = draw() * possible.reduce((sum, { weight }) => sum + weight, 0);
  for (const fault of possible) {
    left -= fault.weight;
    if (left < 0) return fault;
  }
  return oneOf(possible, draw);
}

/** Who writes how much of what all logs get together. */
export const shares: Readonly<Record<LogName, number>> = {
  create: 0.3,
  copytruncate: 0.15,
  compress: 0.15,
  delaycompress: 0.15,
  olddir: 0.14,
  truncated: 0.05,
  unlinked: 0.05,
  quiet: 0.01,
};
