// What lies between the agent and the coordinator: passes bytes on until it is told to cut or to freeze connections.
// Must never change a byte.
import { once } from 'node:events';
import { createServer, Socket, type Server } from 'node:net';

export class FaultLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async open(target: number): Promise<FaultLink> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const link = new FaultLink(server, typeof address === 'object' ? (address?.port ?? 0) : 0);
    server.on('connection', (near) => {
      link.#join(near, target);
    });
    return link;
  }

  /** Every connection ends at once. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Every connection that there is stays open and passes nothing on any more. */
  freeze(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #join(near: Socket, target: number): void {
    const far = new Socket();
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    far.connect(target, '127.0.0.1', () => {
      near.pipe(far);
      far.pipe(near);
    });
  }
}
