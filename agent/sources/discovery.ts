// Finds what there is to read on a Debian or Red Hat host, without configuration.
// Must never guess at a file by its content; the places are those that distributions and packages use.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FileFinder } from './file-finder.ts';

/** A place where logs are looked for. */
export interface DiscoveredSource {
  readonly id: string;
  /** For people: `nginx`, `system journal`. */
  readonly title: string;
  /** Undefined for the journal. */
  readonly file: { readonly include: readonly string[]; readonly exclude: readonly string[] } | undefined;
  readonly format: 'auto' | 'cri' | 'docker' | 'syslog' | 'plain';
  /** Whether it is to be read on this host. */
  readonly isUsed: boolean;
  /** Why it is or isn't. */
  readonly reason: string;
}

export interface DiscoveryOptions {
  /** Folder that stands for `/`; default `/`. */
  readonly root?: string | undefined;
  /** Whether `journalctl` can be run. */
  readonly hasJournalctl: boolean;
}

interface Place {
  readonly id: string;
  readonly title: string;
  readonly include: readonly string[];
  readonly format: DiscoveredSource['format'];
  /** rsyslog writes here what the journal has, too. */
  readonly isInJournal?: boolean;
  /** Not used where this other place has files. */
  readonly behind?: string;
}

/** Rotated generations are found beside the file that they were, so that only its own name is listed. */
const PLACES: readonly Place[] = [
  { id: 'syslog', title: 'system log', include: ['/var/log/{syslog,messages}'], format: 'syslog', isInJournal: true },
  { id: 'auth', title: 'logins', include: ['/var/log/{auth.log,secure}'], format: 'syslog', isInJournal: true },
  { id: 'kern', title: 'kernel', include: ['/var/log/kern.log'], format: 'syslog', isInJournal: true },
  { id: 'nginx', title: 'nginx', include: ['/var/log/nginx/*.log'], format: 'plain' },
  { id: 'apache', title: 'Apache', include: ['/var/log/apache2/*.log', '/var/log/httpd/*_log'], format: 'plain' },
  {
    id: 'postgresql',
    title: 'PostgreSQL',
    include: ['/var/log/postgresql/*.log', '/var/lib/pgsql/data/log/*.log', '/var/lib/pgsql/*/data/log/*.log'],
    format: 'plain',
  },
  { id: 'mysql', title: 'MySQL or MariaDB', include: ['/var/log/{mysql,mariadb}/*.{log,err}'], format: 'plain' },
  { id: 'kubernetes', title: 'Kubernetes containers', include: ['/var/log/containers/*.log'], format: 'auto' },
  { id: 'pods', title: 'Kubernetes pods', include: ['/var/log/pods/*/*/*.log'], format: 'cri', behind: 'kubernetes' },
  {
    id: 'docker',
    title: 'Docker containers',
    include: ['/var/lib/docker/containers/*/*-json.log'],
    format: 'docker',
    behind: 'kubernetes',
  },
];

/** Where systemd keeps its journal: on disk, or in memory until the next boot (systemd-journald.service(8)). */
const JOURNAL_FOLDERS = ['/var/log/journal', '/run/log/journal'];

/** @returns every known place with what was found there, used ones first. */
export function discoverSources({ root = '/', hasJournalctl }: DiscoveryOptions): readonly DiscoveredSource[] {
  const journal = discoverJournal(root, hasJournalctl);
  const found: DiscoveredSource[] = [journal];
  for (const place of PLACES) {
    const include = place.include.map((pattern) => join(root, pattern));
    const files = new FileFinder(include, []).find();
    const count = files.files.size;
    const [problem] = files.problems;
    const other = found.find(({ id, isUsed }) => isUsed && id === place.behind);
    const isDoubled = place.isInJournal === true && journal.isUsed;
    const reason =
      count === 0
        ? problem === undefined
          ? 'there is no such file'
          : `${problem[0]} cannot be read: ${problem[1]}`
        : isDoubled
          ? 'the journal has the same entries'
          : other === undefined
            ? `${count} ${count === 1 ? 'file' : 'files'}`
            : `${other.title} has the same lines`;
    const isUsed = count > 0 && !isDoubled && other === undefined;
    found.push({ id: place.id, title: place.title, file: { include, exclude: [] }, format: place.format, isUsed, reason });
  }
  return [...found.filter(({ isUsed }) => isUsed), ...found.filter(({ isUsed }) => !isUsed)];
}

function discoverJournal(root: string, hasJournalctl: boolean): DiscoveredSource {
  const folder = JOURNAL_FOLDERS.map((path) => join(root, path)).find(holdsJournal);
  const isUsed = folder !== undefined && hasJournalctl;
  const reason = folder === undefined ? 'there are no journal files' : hasJournalctl ? folder : 'journalctl is not installed';
  return { id: 'journal', title: 'system journal', file: undefined, format: 'auto', isUsed, reason };
}

/** Journal files lie in a folder that is named by the machine's id. */
function holdsJournal(folder: string): boolean {
  if (!existsSync(folder)) return false;
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('.journal'));
  } catch {
    // Not allowed to look; journalctl wouldn't be either.
    return false;
  }
}
