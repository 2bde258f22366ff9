// A bounded channel between asynchronous parts: sending waits while it is full, so that backpressure is an await.
// Must never drop a value that was accepted, and never hold more than its capacity.

export interface Channel<T> extends AsyncIterable<T> {
  /**
   * Resolves once there was room and the value was taken.
   * @throws ChannelClosedError if the channel is or gets closed first, or the signal's reason if that aborts first.
   */
  send(value: T, signal?: AbortSignal): Promise<void>;
  /** Takes the value if there is room right now; false if there is none or the channel is closed. */
  trySend(value: T): boolean;
  /** The next value, or `{ kind: 'closed' }` after the last. @throws the signal's reason if that aborts first. */
  receive(signal?: AbortSignal): Promise<{ readonly kind: 'value'; readonly value: T } | { readonly kind: 'closed' }>;
  /** No more values; those inside are still received. With an error, the receivers get it after the last value. */
  close(error?: Error): void;
  readonly size: number;
  readonly closed: boolean;
}

/** Sent into a closed channel. The sender learns that its value was not taken. */
export class ChannelClosedError extends Error {
  override readonly name = 'ChannelClosedError';
}

interface Waiter<R> {
  readonly resolve: (result: R) => void;
  readonly reject: (error: Error) => void;
}

interface Sender<T> extends Waiter<void> {
  readonly value: T;
}

type Received<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'closed' };

/**
 * @param capacity values that wait inside without a receiver; 0 makes every send meet a receive.
 * @example for await (const record of channel) await handle(record);
 */
export function createChannel<T>(capacity: number): Channel<T> {
  const values: T[] = [];
  const senders = new Set<Sender<T>>();
  const receivers = new Set<Waiter<Received<T>>>();
  let isClosed = false;
  let failure: Error | undefined;

  function trySend(value: T): boolean {
    if (isClosed) return false;
    const receiver = takeFirst(receivers);
    if (receiver !== undefined) {
      receiver.resolve({ kind: 'value', value });
      return true;
    }
    if (values.length >= capacity) return false;
    values.push(value);
    return true;
  }

  async function send(value: T, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (isClosed) throw new ChannelClosedError('the channel is closed');
    // Whoever waits already goes first, so that values keep their order.
    if (senders.size === 0 && trySend(value)) return;
    await waitIn<Sender<T>, void>(senders, (waiter) => ({ ...waiter, value }), signal);
  }

  function takeValue(): Received<T> | undefined {
    if (values.length > 0) {
      const value = values.shift() as T;
      const sender = takeFirst(senders);
      if (sender !== undefined) {
        values.push(sender.value);
        sender.resolve();
      }
      return { kind: 'value', value };
    }
    const sender = takeFirst(senders);
    if (sender === undefined) return undefined;
    sender.resolve();
    return { kind: 'value', value: sender.value };
  }

  async function receive(signal?: AbortSignal): Promise<Received<T>> {
    signal?.throwIfAborted();
    const taken = takeValue();
    if (taken !== undefined) return taken;
    if (isClosed) {
      if (failure !== undefined) throw failure;
      return { kind: 'closed' };
    }
    return waitIn<Waiter<Received<T>>, Received<T>>(receivers, (waiter) => waiter, signal);
  }

  function close(error?: Error): void {
    if (isClosed) return;
    isClosed = true;
    failure = error;
    for (const sender of senders) sender.reject(new ChannelClosedError('the channel was closed before the value was taken'));
    senders.clear();
    for (const receiver of receivers) {
      if (error === undefined) receiver.resolve({ kind: 'closed' });
      else receiver.reject(error);
    }
    receivers.clear();
  }

  return {
    send,
    trySend,
    receive,
    close,
    get size() {
      return values.length;
    },
    get closed() {
      return isClosed;
    },
    async *[Symbol.asyncIterator]() {
      for (let next = await receive(); next.kind === 'value'; next = await receive()) yield next.value;
    },
  };
}

function takeFirst<W>(waiters: Set<W>): W | undefined {
  for (const waiter of waiters) {
    waiters.delete(waiter);
    return waiter;
  }
  return undefined;
}

/** Waits in line until somebody resolves or rejects it; leaves the line when the signal aborts. */
async function waitIn<W extends Waiter<R>, R>(line: Set<W>, make: (waiter: Waiter<R>) => W, signal: AbortSignal | undefined): Promise<R> {
  const { promise, resolve, reject } = Promise.withResolvers<R>();
  const waiter = make({ resolve, reject });
  const leave = (): void => {
    line.delete(waiter);
    reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal?.reason }));
  };
  line.add(waiter);
  signal?.addEventListener('abort', leave, { once: true });
  try {
    return await promise;
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}
