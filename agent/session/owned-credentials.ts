// Channel credentials that know the sockets made under them, so that a connection that is closed is really closed.
// Must never decide on trust: that stays with the credentials that they wrap.
import type { Socket } from 'node:net';
import { ChannelCredentials } from '@grpc/grpc-js';

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/**
 * gRPC forgets a socket whose TLS handshake was never answered: closing the channel leaves it open, and an agent that
 * keeps trying a silent listener would run out of descriptors.
 */
export class OwnedCredentials extends ChannelCredentials {
  readonly #inner: ChannelCredentials;
  readonly #sockets = new Set<Socket>();

  constructor(inner: ChannelCredentials) {
    super();
    this.#inner = inner;
  }

  /** Ends whatever is still open. */
  destroySockets(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(...parameters: Parameters<ChannelCredentials['_createSecureConnector']>): SecureConnector {
    const connector = this.#inner._createSecureConnector(...parameters);
    return {
      connect: (socket) => {
        this.#sockets.add(socket);
        socket.once('close', () => void this.#sockets.delete(socket));
        return connector.connect(socket);
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }
}
