// Which entries of which journal a source reads, as the words of a journalctl command.
// Must never run it.

export interface JournalSelectionOptions {
  /** Empty: all. Units and identifiers must both fit where both are given. */
  readonly units: readonly string[];
  readonly identifiers: readonly string[];
  /** Least severe that is read, as syslog's number; absent: all. */
  readonly leastSevere?: number | undefined;
  /** Absent: the system's journal. */
  readonly directory?: string | undefined;
}

/** Where journald keeps its files (systemd-journald.service(8)). */
const systemFolders = ['/var/log/journal', '/run/log/journal'];

export class JournalSelection {
  /** Every entry is read, so that the numbers of journald have no holes that a filter makes. */
  readonly isWhole: boolean;
  readonly place: readonly string[];
  readonly folders: readonly string[];
  /** Which entries, and how they are printed. */
  readonly entries: readonly string[];

  constructor({ units, identifiers, leastSevere, directory }: JournalSelectionOptions) {
    this.isWhole = units.length === 0 && identifiers.length === 0 && leastSevere === undefined;
    this.place = directory === undefined ? [] : [`--directory=${directory}`];
    this.folders = directory === undefined ? systemFolders : [directory];
    const filters = [...units.map((unit) => `--unit=${unit}`), ...identifiers.map((each) => `--identifier=${each}`)];
    const severity = leastSevere === undefined ? [] : [`--priority=${leastSevere}`];
    this.entries = [...this.place, '-o', 'json', '--all', '--no-pager', '-q', ...filters, ...severity];
  }

  /** What there is behind a cursor; without one, of the present boot. */
  catchUp(cursor: string, isGone: boolean): readonly string[] {
    return [...this.entries, ...(cursor === '' ? ['--boot'] : behind(cursor, isGone))];
  }

  /** What comes, too. */
  follow(cursor: string, isGone: boolean): readonly string[] {
    return [...this.entries, '-f', '-n', 'all', '--merge', ...(cursor === '' ? [] : behind(cursor, isGone))];
  }
}

/** Behind a cursor whose entry is gone journalctl (252) would skip the next one too. */
function behind(cursor: string, isGone: boolean): readonly string[] {
  return [`${isGone ? '--cursor' : '--after-cursor'}=${cursor}`];
}
