// Which tests passed and which failed, read from the output of the usual runners.
// Must never be the only judge: the exit status is, and this tells more where it can.

export interface TestNames {
  readonly passed: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
}

interface LineReader {
  readonly passed: RegExp;
  readonly failed: RegExp;
}

/** Durations and counters differ from run to run and are no part of a name. */
const duration = String.raw`(?:\s*\(?[\d.]+ ?m?s\)?)?\s*$`;

const readers: readonly LineReader[] = [
  // node:test's spec reporter, mocha, vitest, jest.
  { passed: new RegExp(`^\\s*[✔✓√] (.{1,300}?)${duration}`), failed: new RegExp(`^\\s*[✖✗✘×✕] (.{1,300}?)${duration}`) },
  // TAP.
  { passed: /^\s*ok \d+ -? ?(?!.*# SKIP)(.{1,300}?)(?: # .*)?$/, failed: /^\s*not ok \d+ -? ?(.{1,300}?)(?: # .*)?$/ },
  // pytest -rA.
  { passed: /^PASSED (\S+::\S.{0,300})$/, failed: /^(?:FAILED|ERROR) (\S+?::\S{1,300})(?: - .*)?$/ },
  // unittest -v; with a docstring the verdict is on a line of its own, which names no test.
  { passed: /^(\w+ \([\w.]+\)).*\.\.\. ok$/, failed: /^(?:(?:FAIL|ERROR): )?(\w+ \([\w.]+\))(?:.*\.\.\. (?:FAIL|ERROR))?$/ },
  // go test -v.
  { passed: /^\s*--- PASS: (\S+)/, failed: /^\s*--- FAIL: (\S+)/ },
  // cargo test.
  { passed: /^test (\S+) \.\.\. ok$/, failed: /^test (\S+) \.\.\. FAILED$/ },
];

/** Empty sets if the runner is none that we know. */
export function readTestNames(output: string): TestNames {
  const passed = new Set<string>();
  const failed = new Set<string>();
  for (const line of output.split('\n')) {
    for (const reader of readers) {
      const good = reader.passed.exec(line)?.[1];
      const bad = good === undefined ? reader.failed.exec(line)?.[1] : undefined;
      if (good !== undefined) passed.add(good.trim());
      if (bad !== undefined) failed.add(bad.trim());
      if (good !== undefined || bad !== undefined) break;
    }
  }
  for (const name of failed) passed.delete(name);
  return { passed, failed };
}

/** How the runners say that there was nothing to run: node:test, unittest, pytest, vitest, jest, go, cargo. */
const nothing = [
  /^(?:ℹ|#) tests 0$/m,
  /^Ran 0 tests in /m,
  /^(?:=+ )?no tests (?:ran|collected)\b/im,
  /^No test(?: file)?s found\b/m,
  /\[no test(?:s to run| files)\]/,
  /^running 0 tests$/m,
];

/** True where the runner says so and no test is named: an exit status of 0 then shows nothing. */
export function ranNoTest(output: string): boolean {
  const { passed, failed } = readTestNames(output);
  // `ok` of go without -v names packages, not tests.
  return (
    passed.size + failed.size === 0 && !/^ok\s+\S+\s+(?!.*\[no tests to run\])/m.test(output) && nothing.some((form) => form.test(output))
  );
}
