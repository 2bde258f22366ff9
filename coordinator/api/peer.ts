// Who is at the other end: hands the verified client certificate of a connection on to the call, as metadata.
// Must never let a caller set that metadata itself: what came under its name is removed first.
import { X509Certificate } from 'node:crypto';
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { CallContext } from 'nice-grpc';

/** Metadata is lower case, and clients can't know that we read this one. */
const peerHeader = 'x-hephaestus-verified-peer';

export interface PeerCertificate {
  /** As in X509Certificate.subjectAltName: `URI:spiffe://…`. */
  readonly subjectAltName: string;
  /** Lower-case hex. */
  readonly serial: string;
  readonly expiresAtMs: number;
}

/** Runs before every call; only certificates that TLS verified against our authority are handed on. */
export const peerInterceptor: ServerInterceptor = (_method, call) =>
  new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata(metadata, proceed) {
          metadata.remove(peerHeader);
          const { sslPeerCertificate } = call.getAuthContext();
          if (sslPeerCertificate !== undefined) metadata.set(peerHeader, writePeer(new X509Certificate(sslPeerCertificate.raw)));
          proceed(metadata);
        },
      }),
  });

/** The verified certificate of the call's connection, if it has one. */
export function peerOf(context: CallContext): PeerCertificate | undefined {
  const value = context.metadata.get(peerHeader);
  return value === undefined ? undefined : (JSON.parse(value) as PeerCertificate);
}

function writePeer(certificate: X509Certificate): string {
  const peer: PeerCertificate = {
    subjectAltName: certificate.subjectAltName ?? '',
    serial: certificate.serialNumber.toLowerCase(),
    expiresAtMs: certificate.validToDate.getTime(),
  };
  return JSON.stringify(peer);
}
