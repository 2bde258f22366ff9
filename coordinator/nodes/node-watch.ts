// Who watches nodes: each watcher gets the newest state of every node that changed, however slow it reads.
// Must never queue more than one state a node, so that a slow watcher costs nothing.
import type { Node } from './node.ts';

interface Watcher {
  readonly wanted: ReadonlySet<string>;
  readonly changed: Map<string, Node>;
  wake: () => void;
}

export class NodeWatch {
  readonly #watchers = new Set<Watcher>();

  publish(node: Node): void {
    for (const watcher of this.#watchers) {
      if (watcher.wanted.size > 0 && !watcher.wanted.has(node.id)) continue;
      watcher.changed.set(node.id, node);
      watcher.wake();
    }
  }

  /** Ends when the signal aborts. An empty `wanted` means all. */
  async *follow(current: readonly Node[], wanted: ReadonlySet<string>, signal: AbortSignal): AsyncGenerator<Node> {
    const watcher: Watcher = { wanted, changed: new Map(), wake: () => undefined };
    this.#watchers.add(watcher);
    for (const node of current) if (wanted.size === 0 || wanted.has(node.id)) watcher.changed.set(node.id, node);
    const onAbort = (): void => watcher.wake();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        const states = [...watcher.changed.values()];
        watcher.changed.clear();
        yield* states;
        if (watcher.changed.size > 0 || isAborted(signal)) continue;
        const { promise, resolve } = Promise.withResolvers<void>();
        watcher.wake = resolve;
        await promise;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#watchers.delete(watcher);
    }
  }
}

/** A call, so that the compiler doesn't believe an earlier answer. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
