// Certificates are loaded or refused with the file named, and only a proper identity is one.
// Must never use certificates that are checked in; they are made here.
import { X509Certificate, createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTlsMaterial, parseCertificate, parseSpiffeNames, parseSpiffeUri, spiffeIdOf, spkiSha256 } from '../../../base/tls.ts';

const run = promisify(execFile);
let folder: string;

async function issue(name: string, names: string): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
  const extension = names === '' ? [] : ['-addext', `subjectAltName=${names}`];
  await run('openssl', ['req', '-x509', '-days', '1', '-subj', `/CN=${name}`, ...key, '-out', `${name}.crt`, ...extension], {
    cwd: folder,
  });
}

async function certificate(name: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(join(folder, `${name}.crt`)));
}

const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hephaestus-tls-'));
  await issue('node', 'URI:spiffe://forge.example/node/01ABC,DNS:web-1');
  await issue('two', 'URI:spiffe://forge.example/node/a,URI:spiffe://forge.example/node/b');
  await issue('web', 'DNS:web-1');
  await issue('bare', '');
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('loading', () => {
  it('gives the texts and the leaf of a proper pair', async () => {
    const material = await loadTlsMaterial({ caFile: file('web.crt'), certificateFile: file('node.crt'), keyFile: file('node.key') });
    expect(material.key).toContain('PRIVATE KEY');
    expect(material.leaf.subject).toBe('CN=node');
  });

  it('names the file that is missing, is no certificate, or does not belong', async () => {
    await writeFile(file('junk'), 'junk');
    const pair = { caFile: file('web.crt'), certificateFile: file('node.crt'), keyFile: file('node.key') };
    await expect(loadTlsMaterial({ ...pair, caFile: file('absent') })).rejects.toThrow(file('absent'));
    await expect(loadTlsMaterial({ ...pair, caFile: file('junk') })).rejects.toMatchObject({ code: 'tls.invalid', kind: 'validation' });
    await expect(loadTlsMaterial({ ...pair, keyFile: file('junk') })).rejects.toThrow(/junk holds no private key/);
    await expect(loadTlsMaterial({ ...pair, keyFile: file('web.key') })).rejects.toThrow(/is not the key of the certificate/);
    expect(() => parseCertificate('', 'the bundle')).toThrow(/the bundle/);
  });
});

describe('the pin', () => {
  it('is what openssl says', async () => {
    const { stdout } = await run('openssl', ['x509', '-in', file('node.crt'), '-noout', '-pubkey'], { cwd: folder });
    const der = Buffer.from(stdout.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
    expect(spkiSha256(await certificate('node'))).toBe(createHash('sha256').update(der).digest('hex'));
  });
});

describe('an identity', () => {
  it('is read from the only URI name', async () => {
    const expected = { kind: 'identity', trustDomain: 'forge.example', path: '/node/01ABC', uri: 'spiffe://forge.example/node/01ABC' };
    expect(spiffeIdOf(await certificate('node'))).toEqual(expected);
    expect(spiffeIdOf((await certificate('node')).raw)).toEqual(expected);
  });

  it.each(['two', 'web', 'bare'])('is not read from certificate "%s"', async (name) => {
    expect(spiffeIdOf(await certificate(name)).kind).toBe('refused');
  });

  it('is not read from what is no certificate', () => {
    expect(spiffeIdOf(Buffer.from('junk')).kind).toBe('refused');
  });

  it.each([
    'spiffe://forge.example',
    'spiffe://forge.example/',
    'spiffe://forge.example/node/',
    'spiffe://forge.example//node',
    'spiffe://forge.example/node/../admin',
    'spiffe://forge.example/node/./a',
    'spiffe://forge.example:443/node/a',
    'spiffe://Forge.example/node/a',
    'spiffe://user@forge.example/node/a',
    'spiffe://forge.example/node/a?x',
    'spiffe://forge.example/node/a#x',
    'spiffe://forge.example/node/%61',
    'https://forge.example/node/a',
    'spiffe:///node/a',
    `spiffe://forge.example/${'a'.repeat(2048)}`,
  ])('is refused: %s', (uri) => {
    expect(parseSpiffeUri(uri).kind).toBe('refused');
  });

  it('cannot be smuggled into another name', () => {
    expect(parseSpiffeNames('DNS:"a, URI:spiffe://forge.example/node/a"').kind).toBe('refused');
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseSpiffeNames(`DNS:${JSON.stringify(`${text}, URI:spiffe://d/node/a`)}`).kind).toBe('refused');
      }),
    );
  });
});
