// The report of a change request on plain git as a file for each branch: its title and text, and below them what is said of it later.
// Must never hold a credential, or lose what was written before: it is replaced as a whole.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../base/atomic-file.ts';
import { errnoOf } from '../../base/errors.ts';

export interface ReportFiles {
  /** @returns where it is */
  write(branch: string, text: { readonly title: string; readonly body: string }): Promise<string>;
  /** As it was written last; undefined if it isn't there. */
  read(branch: string): Promise<{ readonly title: string; readonly body: string } | undefined>;
  /** One remark a key, replaced if it is there; nothing where there is no report. */
  remark(branch: string, remark: { readonly key: string; readonly body: string }): Promise<void>;
}

interface Remark {
  readonly key: string;
  readonly body: string;
}

/** Between the text and the remarks; readers of Markdown see a line. */
const rule = '\n\n---\n\n';
const markOf = (key: string): string => `<!-- remark ${encodeURIComponent(key).replaceAll('-', '%2D')} -->`;
const marked = /^<!-- remark ([^ ]{1,300}) -->\n/;

/** @param folder of one repository */
export function createReportFiles(folder: string): ReportFiles {
  const fileOf = (branch: string): string => join(folder, `${branch.replaceAll('/', '_').replaceAll(/[^\w.-]/g, '-')}.md`);
  const save = async (branch: string, text: string, remarks: readonly Remark[]): Promise<string> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = fileOf(branch);
    const parts = [text.trimEnd(), ...remarks.map(({ key, body }) => `${markOf(key)}\n${body.trim()}`)];
    await writeFileAtomically(file, `${parts.join(rule)}\n`, 0o600);
    return file;
  };
  const load = async (branch: string): Promise<{ readonly text: string; readonly remarks: readonly Remark[] } | undefined> => {
    const whole = await readFile(fileOf(branch), 'utf8').catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (whole === undefined) return undefined;
    const parts = whole.trimEnd().split(rule);
    const isRemark = parts.findIndex((part) => marked.test(part));
    const texts = isRemark < 0 ? parts : parts.slice(0, isRemark);
    const remarks = isRemark < 0 ? [] : parts.slice(isRemark);
    return {
      text: texts.join(rule),
      remarks: remarks.map((part) => ({
        key: decodeURIComponent(marked.exec(part)?.[1] ?? ''),
        body: part.replace(marked, ''),
      })),
    };
  };
  return {
    async write(branch, { title, body }) {
      const known = await load(branch);
      return save(branch, `# ${title}\n\nBranch ${branch}\n\n${body}`, known?.remarks ?? []);
    },
    async read(branch) {
      const [, title = '', body = ''] = /^# (.*)\n\nBranch .*\n\n([^]*)$/.exec((await load(branch))?.text ?? '') ?? [];
      return title === '' ? undefined : { title, body };
    },
    async remark(branch, { key, body }) {
      const known = await load(branch);
      if (known === undefined) return;
      const others = known.remarks.filter((one) => one.key !== key);
      await save(branch, known.text, [...others, { key, body }]);
    },
  };
}
