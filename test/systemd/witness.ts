// Statements about the system in the container, printed as they are found true or not.
// Must never go on in silence: each failure is counted and shown with what was run and what it said.
import { setTimeout as delay } from 'node:timers/promises';
import type { Container } from './container.ts';

const waitSeconds = 120;
const pollMs = 300;

export class Witness {
  readonly container: Container;
  #failed = 0;

  constructor(container: Container) {
    this.container = container;
  }

  get failed(): number {
    return this.#failed;
  }

  /** `script` must exit with 0; with a pattern its output must match. @returns the output */
  check(statement: string, script: string, pattern = /^/): string {
    const { code, output } = this.container.run(script);
    this.#record(code === 0 && pattern.test(output), statement, `$ ${script}\n  exit ${code}`, output);
    return output;
  }

  /** As check, as often as it takes. @param explain what is shown besides where it never holds */
  async until(statement: string, script: string, pattern = /^/, seconds = waitSeconds, explain = ''): Promise<string> {
    const begun = performance.now();
    for (;;) {
      const { code, output } = this.container.run(script);
      const holds = code === 0 && pattern.test(output);
      const passedSeconds = (performance.now() - begun) / 1000;
      if (holds || passedSeconds > seconds) {
        this.#record(holds, `${statement} (${passedSeconds.toFixed(1)} s)`, `$ ${script}`, output);
        if (!holds && explain !== '') console.log(this.container.run(explain).output.replaceAll(/^/gm, '  | ').slice(-30_000));
        return output;
      }
      await delay(pollMs);
    }
  }

  say(text: string): void {
    console.log(text);
  }

  #record(holds: boolean, statement: string, what: string, output: string): void {
    if (!holds) this.#failed += 1;
    console.log(holds ? `✓ ${statement}` : `✗ ${statement}\n  ${what}\n${output.replaceAll(/^/gm, '  | ').slice(-4000)}`);
  }
}

export const pidOf = (unit: string): string => `systemctl show -p MainPID --value ${unit}`;

/** Of lines `WORD-N` that the coordinator keeps: how many there are, and how many differ. */
export const countOf = (word: string): string =>
  `hephaestusctl logs list --contains ${word}- -o json --limit 0 | grep -o '${word}-[0-9][0-9]*' > /tmp/${word}; echo "$(wc -l < /tmp/${word}) lines, $(sort -u /tmp/${word} | wc -l) different"`;

/** All `count` lines and none twice, as countOf prints it. */
export const exactly = (count: number | string): RegExp => new RegExp(`^${count} lines, ${count} different$`, 'm');

export const bothRun = 'systemctl is-active hephaestus-agent hephaestus-coordinator && hephaestusctl nodes list';
export const operational = /operational|processing/;
