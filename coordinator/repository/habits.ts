// What a repository's history says of its team's habits: conventional commits, sign-off.
// Must never take one commit for a habit.
import type { Mirror } from './mirror.ts';

export interface Habits {
  /** Subjects as conventionalcommits.org writes them. */
  readonly conventional: boolean;
  /** The scope that recent commits to these files used, where most agree. */
  readonly scope: string | undefined;
  readonly signsOff: boolean;
}

const looked = 60;
const fewest = 5;
const share = 0.6;
const conventionalSubject = /^(?:feat|fix|docs|style|refactor|perf|test|build|ci|chore|revert)(?:\(([\w./ -]{1,40})\))?!?: \S/;

/** @param paths that the change touches */
export async function readHabits(mirror: Mirror, commit: string, paths: readonly string[]): Promise<Habits> {
  const all = await readSubjects(mirror, [commit]);
  const conventional = isHabit(all, ({ subject }) => conventionalSubject.test(subject));
  const signsOff = isHabit(all, ({ body }) => /^Signed-off-by: \S/m.test(body));
  if (!conventional || paths.length === 0) return { conventional, scope: undefined, signsOff };
  const near = await readSubjects(mirror, [commit, '--', ...paths.slice(0, 20).map((path) => `:(literal)${path}`)]);
  const scopes = near.flatMap(({ subject }) => conventionalSubject.exec(subject)?.[1] ?? []);
  const [commonest] = [...Map.groupBy(scopes, (scope) => scope)].toSorted(([, a], [, b]) => b.length - a.length);
  const scope = commonest !== undefined && commonest[1].length * 2 >= near.length ? commonest[0] : undefined;
  return { conventional, scope, signsOff };
}

interface Message {
  readonly subject: string;
  readonly body: string;
}

async function readSubjects(mirror: Mirror, args: readonly string[]): Promise<readonly Message[]> {
  const text = await mirror.text(['log', '--no-merges', `--max-count=${String(looked)}`, '--format=%s%x00%b%x1e', ...args]);
  return text.split('\u001e').flatMap((record) => {
    const [subject = '', body = ''] = record.replace(/^\n/, '').split('\0');
    return subject === '' ? [] : [{ subject, body }];
  });
}

function isHabit(messages: readonly Message[], has: (message: Message) => boolean): boolean {
  return messages.length >= fewest && messages.filter(has).length >= messages.length * share;
}
