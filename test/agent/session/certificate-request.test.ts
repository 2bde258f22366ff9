// A certificate request is one that others read, signed by its key.
// Must never judge by our own reading of the format: another implementation reads it.
import 'reflect-metadata';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { createCertificateRequest, generateNodeKey } from '../../../agent/session/certificate-request.ts';

describe('createCertificateRequest', () => {
  it('carries the public key and a signature by the private one', async () => {
    // Lengths of the encoded signature vary with the key and the draw.
    for (let round = 0; round < 20; round += 1) {
      const keyPem = generateNodeKey();
      const request = new Pkcs10CertificateRequest(new Uint8Array(createCertificateRequest(keyPem)));
      expect(await request.verify()).toBe(true);
      expect(request.subject).toBe('CN=hephaestus-node');
      const publicKey = createPublicKey(createPrivateKey(keyPem)).export({ type: 'spki', format: 'der' });
      expect(Buffer.from(request.publicKey.rawData)).toEqual(publicKey);
    }
  });

  it('makes another key each time', () => {
    expect(generateNodeKey()).not.toBe(generateNodeKey());
  });
});
