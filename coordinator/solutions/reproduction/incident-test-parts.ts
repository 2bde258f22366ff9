// What a test is made from: the incident with its code, a checkout to try calls in, and the runner that it is written for.
// Must never hold what judges a change; the validator has that.
import type { SyntaxTrees } from '../../../base/syntax-tree.ts';
import type { Groundwork } from '../groundwork.ts';
import type { Sandbox } from '../sandbox.ts';
import type { TestRunner } from '../test-runner.ts';

export interface IncidentTestParts {
  readonly groundwork: Groundwork;
  /** A checkout of the base revision, set up. */
  readonly directory: string;
  /** All paths of the base revision. */
  readonly paths: readonly string[];
  readonly runner: TestRunner;
  readonly sandbox: Sandbox;
  readonly trees: SyntaxTrees;
  readonly signal: AbortSignal;
}
