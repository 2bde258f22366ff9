// Wakes the follower up when something happens in a folder. The only file that knows chokidar.
// Must never be believed: events get lost and merged; the files themselves say what is so.
import { watch } from 'chokidar';
import type { FSWatcher } from 'chokidar';

export interface FolderWatch {
  /** Watches exactly these folders from now on. */
  follow(folders: ReadonlySet<string>): void;
  /** Why some folders aren't watched, for people; undefined if all are. Files are polled in any case. */
  problem(): string | undefined;
  close(): Promise<void>;
}

/** A folder with more events than this in a second is busy: polling is cheaper than hearing of every write. */
const mostEventsPerSecond = 20;
/** So long a busy folder is left alone. */
const restMs = 15_000;

export interface FolderWatchOptions {
  readonly nowMs: () => number;
  /** Something happened in one of the folders. */
  readonly onEvent: () => void;
}

/** Watches folders, not files: one inotify watch a folder, and none for a folder with a file that is written all the time. */
export function createFolderWatch(options: FolderWatchOptions): FolderWatch {
  return new ChokidarWatch(options);
}

interface WatchedFolder {
  watcher: FSWatcher | undefined;
  windowStartMs: number;
  events: number;
  restsUntilMs: number;
}

class ChokidarWatch implements FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #folders = new Map<string, WatchedFolder>();
  readonly #closing = new Set<Promise<void>>();
  #problem: string | undefined;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
  }

  follow(folders: ReadonlySet<string>): void {
    const nowMs = this.#options.nowMs();
    for (const [path, folder] of this.#folders) {
      if (folders.has(path)) continue;
      this.#rest(folder);
      this.#folders.delete(path);
    }
    for (const path of folders) {
      const folder = this.#folders.get(path) ?? { watcher: undefined, windowStartMs: nowMs, events: 0, restsUntilMs: 0 };
      this.#folders.set(path, folder);
      if (folder.watcher === undefined && nowMs >= folder.restsUntilMs) this.#start(path, folder);
    }
  }

  problem(): string | undefined {
    return this.#problem;
  }

  async close(): Promise<void> {
    for (const folder of this.#folders.values()) this.#rest(folder);
    this.#folders.clear();
    await Promise.all(this.#closing);
  }

  #start(path: string, folder: WatchedFolder): void {
    // Everything inside is ignored: the folder's own watch reports by `raw` what happens to its files, without a watch for each.
    const watcher = watch(path, { depth: 0, ignoreInitial: true, ignored: (inner) => inner !== path, persistent: false });
    folder.watcher = watcher;
    watcher.on('raw', () => {
      this.#count(folder);
    });
    watcher.on('error', (error) => {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      this.#problem = `folders can't be watched (${code}): files are polled`;
      folder.restsUntilMs = this.#options.nowMs() + restMs;
      this.#rest(folder);
    });
  }

  #count(folder: WatchedFolder): void {
    const nowMs = this.#options.nowMs();
    if (nowMs - folder.windowStartMs >= 1000) {
      folder.windowStartMs = nowMs;
      folder.events = 0;
    }
    folder.events += 1;
    if (folder.events > mostEventsPerSecond) {
      folder.restsUntilMs = nowMs + restMs;
      this.#rest(folder);
    }
    this.#options.onEvent();
  }

  #rest(folder: WatchedFolder): void {
    if (folder.watcher === undefined) return;
    const closing = folder.watcher.close();
    folder.watcher = undefined;
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}
