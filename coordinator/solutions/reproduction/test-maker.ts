// Where a trial gets its test from: one that is known already, or one that the built-in engine makes from the incident.
// Must never ask a model; whoever proposes a change does that.
import type { SyntaxTrees } from '../../../base/syntax-tree.ts';
import type { Logger } from '../../../base/logger.ts';
import type { RepositoryService } from '../../repository/repository.ts';
import type { Groundwork } from '../groundwork.ts';
import type { Sandbox } from '../sandbox.ts';
import type { TestRunner } from '../test-runner.ts';
import { makeIncidentTest } from './incident-test.ts';
import type { ReproductionOrigin, ReproductionTest } from './reproduction.ts';

/** A test that a solution holds from an earlier climb. */
export interface KnownTest {
  readonly path: string;
  readonly text: string;
  readonly origin: ReproductionOrigin;
}

export interface TestMaker {
  /** Undefined where no test shows the incident's error. @param from.directory a checkout of the base revision, set up */
  make(from: {
    readonly groundwork: Groundwork;
    readonly directory: string;
    readonly runner: TestRunner;
    readonly known: KnownTest | undefined;
    readonly signal: AbortSignal;
  }): Promise<ReproductionTest | undefined>;
}

export function createTestMaker(parts: {
  readonly service: RepositoryService;
  readonly sandbox: Sandbox;
  readonly trees: SyntaxTrees;
  readonly logger: Logger;
}): TestMaker {
  const { service, logger } = parts;
  return {
    async make({ known, ...from }) {
      const { groundwork, runner } = from;
      if (known !== undefined) {
        const check = runner.commandFor([known.path]);
        return check === undefined ? undefined : { ...known, check };
      }
      const paths = await service.listFiles(groundwork.repository, groundwork.baseCommit);
      const test = await makeIncidentTest({ ...parts, ...from, paths });
      const incidentId = groundwork.problem.incident.id;
      if (test !== undefined) logger.info('test made from an incident', { incidentId, path: test.path, origin: test.origin });
      return test;
    },
  };
}
