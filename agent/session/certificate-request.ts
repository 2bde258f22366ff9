// Makes a node's key and the request for a certificate over it.
// Must never let the private key out but to its caller. Loaded only when a certificate is wanted, because the X.509 library is heavy.
import 'reflect-metadata';
import { generateKeyPairSync, webcrypto, createPrivateKey, createPublicKey } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

/** A fresh ECDSA P-256 key, as PKCS#8 PEM. */
export function generateNodeKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A PKCS#10 request (DER) signed by the key. Its subject says nothing: the coordinator decides who the node is. */
export async function createCertificateRequest(keyPem: string): Promise<Buffer> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const key = createPrivateKey(keyPem);
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const keys = {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']),
  };
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=hephaestus-node',
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return Buffer.from(request.rawData);
}
