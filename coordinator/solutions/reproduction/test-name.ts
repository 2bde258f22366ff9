// What a test about an incident is called, in each runner's way.
// Must never name a file that is there: the incident's id is in it.
import { posix } from 'node:path';
import type { Groundwork } from '../groundwork.ts';
import type { TestRunner } from '../test-runner.ts';

/** @param source the file that the test is about */
export function nameTest(
  { problem, tests }: Pick<Groundwork, 'problem' | 'tests'>,
  runner: Pick<TestRunner, 'name' | 'folder'>,
  source: string,
): string {
  const extension = posix.extname(source);
  const stem = posix.basename(source, extension);
  const key = incidentKey(problem.incident.id);
  const about = tests.find(({ path }) => isWithin(path, runner.folder));
  const folder = about === undefined ? undefined : posix.dirname(about.path);
  const usual = (name: string): string => posix.join(runner.folder ?? '', name);
  switch (runner.name) {
    case 'pytest':
    case 'unittest':
      return posix.join(folder ?? usual('tests'), `test_${stem}_incident_${key}.py`);
    case 'go':
      // Go's tests stand in the folder of what they test.
      return posix.join(posix.dirname(source), `${stem}_incident_${key}_test.go`);
    case 'maven':
    case 'gradle':
      return posix.join(
        folder ?? posix.dirname(source).replace(/(^|\/)src\/main\//, '$1src/test/'),
        `${stem}Incident${key}Test${extension}`,
      );
    default:
      return posix.join(folder ?? usual('test'), `${stem}.incident-${key}.test${extension}`);
  }
}

/** Whether a path is in a package. @param folder undefined is the whole repository */
export function isWithin(path: string, folder: string | undefined): boolean {
  return folder === undefined || path.startsWith(`${folder}/`);
}

/** The end of its id: the beginning is the time. */
export function incidentKey(id: string): string {
  return id.slice(-8).toLowerCase();
}
