// A run of the repository's tests for a model that looks around: in a work tree of its own, in the sandbox, with a change or without.
// Must never be taken for proof: the validator measures again, against the base revision.
import type { Groundwork } from './groundwork.ts';
import type { RepositoryService } from '../repository/repository.ts';
import { commandLine } from './check.ts';
import { findChecks } from './checks.ts';
import { writeToTree } from './edits/tree-writer.ts';
import type { Sandbox } from './sandbox.ts';

/** What the tests say, in words. @param files after the change; `null` deletes */
export type TestRun = (groundwork: Groundwork, files: Readonly<Record<string, string | null>>, signal: AbortSignal) => Promise<string>;

export interface TestRunOptions {
  readonly service: RepositoryService;
  readonly sandbox: Sandbox;
  readonly searchPath: readonly string[];
  readonly setupTimeoutMs: number;
  readonly testTimeoutMs: number;
}

/** Of the output's end. */
const mostCharacters = 8_000;

export function createTestRun(options: TestRunOptions): TestRun {
  const { service, sandbox, searchPath } = options;
  return async ({ repository, baseCommit, locations }, files, signal) => {
    await using tree = await service.createWorkTree(repository, baseCommit);
    const { setup, test } = await findChecks(tree.directory, repository.commands, searchPath, [
      ...locations.map(({ path }) => path),
      ...Object.keys(files),
    ]);
    if (test === undefined) return 'This repository has no test command, configured or found.';
    await writeToTree(tree.directory, files);
    const { directory } = tree;
    if (setup !== undefined) {
      const run = await sandbox.run({
        directory,
        command: commandLine(setup),
        stdin: undefined,
        timeoutMs: options.setupTimeoutMs,
        signal,
      });
      if (run.exitStatus !== 0) return `The setup command fails:\n${run.output.slice(-mostCharacters)}`;
    }
    const run = await sandbox.run({ directory, command: commandLine(test), stdin: undefined, timeoutMs: options.testTimeoutMs, signal });
    const how = run.stoppedBy === undefined ? `exit status ${run.exitStatus ?? 'unknown'}` : `killed for its ${run.stoppedBy}`;
    return `${how}\n${run.output.slice(-mostCharacters)}`;
  };
}
