// A TCP link that delivers every byte so many milliseconds late in both directions, without bounding its rate.
// Must never reorder or drop; what it holds is bounded by what the two ends have under way.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface DelayedLink {
  readonly address: string;
  close(): void;
}

/** @param delayMs one way: a round trip is twice that. */
export async function openDelayedLink(target: { readonly host: string; readonly port: number }, delayMs: number): Promise<DelayedLink> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (near) => {
    const far = connect({ ...target, noDelay: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => void setTimeout(() => to.write(data), delayMs));
      from.on('close', () => to.destroy());
      from.on('error', () => to.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    address: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
