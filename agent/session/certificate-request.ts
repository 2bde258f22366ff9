// Makes a node's key and the request for a certificate over it.
// Must never let the private key out but to its caller.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

/** A fresh ECDSA P-256 key, as PKCS#8 PEM. */
export function generateNodeKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * A PKCS#10 request (DER, RFC 2986 section 4) signed by the key. Its subject says nothing: the coordinator decides who the
 * node is. Written by hand because a library for it keeps 19 MB in memory, at every renewal anew (docs/decisions/021).
 */
export function createCertificateRequest(keyPem: string): Buffer {
  const key = createPrivateKey(keyPem);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const subject = sequence(set(sequence(commonName, utf8String('hephaestus-node'))));
  const version = Buffer.from([0x02, 0x01, 0x00]);
  const noAttributes = Buffer.from([0xa0, 0x00]);
  const info = sequence(version, subject, publicKey, noAttributes);
  return sequence(info, sequence(ecdsaWithSha256), bitString(sign('sha256', info, key)));
}

/** 2.5.4.3 (X.520). */
const commonName = Buffer.from('0603550403', 'hex');
/** 1.2.840.10045.4.3.2 (RFC 5758 section 3.2). */
const ecdsaWithSha256 = Buffer.from('06082a8648ce3d040302', 'hex');

function sequence(...parts: readonly Buffer[]): Buffer {
  return encode(0x30, Buffer.concat(parts));
}

function set(...parts: readonly Buffer[]): Buffer {
  return encode(0x31, Buffer.concat(parts));
}

function utf8String(text: string): Buffer {
  return encode(0x0c, Buffer.from(text));
}

function bitString(bytes: Buffer): Buffer {
  return encode(0x03, Buffer.concat([Buffer.from([0]), bytes]));
}

/** Tag, length, content (X.690 section 8.1); a request is far below the 64 KiB that two bytes of length can say. */
function encode(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
