// What systeminformation says of the machine, asked in a short process of its own.
// Must never keep the agent waiting: a probe that can't start or doesn't answer is an expected outcome.
import { execFile } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HephaestusError } from '../../base/errors.ts';

/** An empty string or 0 means unknown. */
export interface MachineFacts {
  /** `KVM`, `VMware`, …; `virtual` if the host can't say which; empty on bare metal. */
  readonly virtualization: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly os: string;
  readonly osVersion: string;
  readonly cpuModel: string;
  readonly cpuCores: number;
}

export type MachineAnswer =
  | { readonly kind: 'facts'; readonly facts: MachineFacts }
  | { readonly kind: 'unavailable'; readonly reason: string };

const limitMs = 20_000;

/** Beside this file in the source and in dist/; where both are bundled, the probe's bundle lies beside the agent's and keeps its name. */
const defaultProgram = fileURLToPath(new URL(`./machine-probe${extname(new URL(import.meta.url).pathname)}`, import.meta.url));

/** Never rejects. A thread instead would leave some 20 MB of pages in the agent for good (docs/decisions/021). */
export function askMachine(program = defaultProgram): Promise<MachineAnswer> {
  const { promise, resolve } = Promise.withResolvers<MachineAnswer>();
  const fail = (error: unknown): void => resolve({ kind: 'unavailable', reason: HephaestusError.from(error).message });
  try {
    const limits = { timeout: limitMs, maxBuffer: 64 * 1024 };
    const child = execFile(process.execPath, ['--max-old-space-size=48', program], limits, (error, output) => {
      if (error !== null) {
        fail(error);
        return;
      }
      try {
        resolve({ kind: 'facts', facts: readFacts(JSON.parse(output)) });
      } catch (cause) {
        fail(cause);
      }
    });
    // An agent that is told to stop doesn't wait for it.
    child.unref();
  } catch (error) {
    fail(error);
  }
  return promise;
}

/** Takes from the answer what is of the right type, and leaves the rest unknown. */
function readFacts(answer: unknown): MachineFacts {
  const given: Readonly<Record<string, unknown>> = typeof answer === 'object' && answer !== null ? { ...answer } : {};
  const text = (key: keyof MachineFacts): string => (typeof given[key] === 'string' ? given[key] : '');
  return {
    virtualization: text('virtualization'),
    manufacturer: text('manufacturer'),
    model: text('model'),
    os: text('os'),
    osVersion: text('osVersion'),
    cpuModel: text('cpuModel'),
    cpuCores: typeof given['cpuCores'] === 'number' ? given['cpuCores'] : 0,
  };
}
