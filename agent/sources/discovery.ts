// Finds what there is to read on a Debian or Red Hat host, without configuration.
// Must never guess at a file by its content; the places are those that distributions and packages use.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findDenial } from './file-denial.ts';
import { FileFinder } from './file-finder.ts';
import { fileKey } from './file-identity.ts';

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
  /** Not used where this other place leads to the same files. */
  readonly behind?: string;
}

/** Rotated generations are found beside the file that they were, so that only its own name is listed. */
const PLACES: readonly Place[] = [
  { id: 'syslog', title: 'system log', include: ['/var/log/{syslog,messages}'], format: 'syslog', isInJournal: true },
  { id: 'auth', title: 'logins', include: ['/var/log/{auth.log,secure}'], format: 'syslog', isInJournal: true },
  { id: 'kern', title: 'kernel', include: ['/var/log/kern.log'], format: 'syslog', isInJournal: true },
  {
    id: 'facilities',
    title: 'cron, mail and other facilities',
    include: ['/var/log/{cron,cron.log,daemon.log,lpr.log,mail.log,maillog,spooler,user.log}'],
    format: 'syslog',
    isInJournal: true,
  },
  { id: 'nginx', title: 'nginx', include: ['/var/log/nginx/*.log'], format: 'plain' },
  { id: 'apache', title: 'Apache', include: ['/var/log/apache2/*.log', '/var/log/httpd/*_log'], format: 'plain' },
  {
    id: 'postgresql',
    title: 'PostgreSQL',
    include: ['/var/log/postgresql/*.log', '/var/lib/pgsql/data/{log,pg_log}/*.log', '/var/lib/pgsql/*/data/{log,pg_log}/*.log'],
    format: 'plain',
  },
  { id: 'mysql', title: 'MySQL or MariaDB', include: ['/var/log/{mysql,mariadb}/*.{log,err}'], format: 'plain' },
  { id: 'redis', title: 'Redis or Valkey', include: ['/var/log/{redis,valkey}/*.log'], format: 'plain' },
  { id: 'mongodb', title: 'MongoDB', include: ['/var/log/mongodb/*.log'], format: 'plain' },
  { id: 'rabbitmq', title: 'RabbitMQ', include: ['/var/log/rabbitmq/*.log'], format: 'plain' },
  { id: 'haproxy', title: 'HAProxy', include: ['/var/log/haproxy.log'], format: 'syslog' },
  { id: 'php', title: 'PHP', include: ['/var/log/php*-fpm.log', '/var/log/php-fpm/*.log'], format: 'plain' },
  { id: 'tomcat', title: 'Tomcat', include: ['/var/log/tomcat*/catalina.out'], format: 'plain' },
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
  const keysOf = new Map<string, ReadonlySet<string>>();
  for (const place of PLACES) {
    const include = place.include.map((pattern) => join(root, pattern));
    const files = new FileFinder(include, []).find();
    const count = files.files.size;
    const [problem] = files.problems;
    const keys = [...files.files.values()].map(fileKey);
    const other = found.find(({ id, isUsed }) => isUsed && id === place.behind && keys.some((key) => keysOf.get(id)?.has(key) === true));
    keysOf.set(place.id, new Set(keys));
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
            : `the same files as those of ${other.title}`;
    const isUsed = count > 0 && !isDoubled && other === undefined;
    found.push({ id: place.id, title: place.title, file: { include, exclude: [] }, format: place.format, isUsed, reason });
  }
  return [...found.filter(({ isUsed }) => isUsed), ...found.filter(({ isUsed }) => !isUsed)];
}

function discoverJournal(root: string, hasJournalctl: boolean): DiscoveredSource {
  const found = JOURNAL_FOLDERS.map((path) => join(root, path)).flatMap((folder) => {
    const files = journalFiles(folder);
    return files.length === 0 ? [] : [{ folder, denial: files.map(findDenial).find((each) => each !== undefined) }];
  });
  const readable = found.find(({ denial }) => denial === undefined);
  const isUsed = readable !== undefined && hasJournalctl;
  const reason =
    found.length === 0
      ? 'there are no journal files'
      : hasJournalctl
        ? (readable?.folder ?? `${found[0]?.folder}: a file ${found[0]?.denial?.reason ?? 'cannot be read'}`)
        : 'journalctl is not installed';
  return { id: 'journal', title: 'system journal', file: undefined, format: 'auto', isUsed, reason };
}

/** They lie in a folder that is named by the machine's id. Those of users alone don't make a system's journal. */
function journalFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => /(?:^|\/)system[^/]*\.journal$/.test(name)).map((name) => join(folder, name));
  } catch {
    // Not allowed to look; journalctl wouldn't be either.
    return [];
  }
}
