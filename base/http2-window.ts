// Wider HTTP/2 receive windows for the gRPC server, which offers no setting for them.
// Must never be applied twice to one session, nor to client sessions.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Http2Stream } from 'node:http2';

export interface Http2WindowOptions {
  /** What one stream may send before it is read; RFC 9113 section 6.9.2 starts at 64 KiB, which is 0.6 MB/s at a round trip of 100 ms. */
  readonly streamBytes: number;
  /** The same for a whole connection. Larger than `streamBytes`, so that one stream that isn't read leaves room for the others. */
  readonly connectionBytes: number;
}

/** Node announces each stream that a server opens here (documented since 24.3); gRPC's own objects keep the session private. */
const channelName = 'http2.server.stream.created';

/**
 * From the first stream of each server session of this process on, its windows are as wide as `options` say. The session's
 * first stream gets the new width too, since a changed initial window applies to open streams (RFC 9113 section 6.9.2).
 * @returns what ends it; sessions keep what they have.
 */
export function widenServerWindows(options: Http2WindowOptions): () => void {
  const widened = new WeakSet<object>();
  const widen = (message: unknown): void => {
    const { session } = (message as { readonly stream: Http2Stream }).stream;
    if (session === undefined || widened.has(session) || session.destroyed) return;
    widened.add(session);
    session.settings({ initialWindowSize: options.streamBytes });
    session.setLocalWindowSize(options.connectionBytes);
  };
  subscribe(channelName, widen);
  return () => void unsubscribe(channelName, widen);
}
