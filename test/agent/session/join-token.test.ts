// What a join token is and is not, and that its secret stays out of messages.
// Must never accept part of a token.
import { describe, expect, it } from 'vitest';
import { readJoinToken } from '../../../agent/session/join-token.ts';

const hash = 'ab'.repeat(32);

describe('readJoinToken', () => {
  it('reads the four parts, spaces around them forgiven', () => {
    const outcome = readJoinToken(` heph1.${hash}.t-1.s3cret\n`);
    expect(outcome).toMatchObject({ kind: 'read', token: { authorityHash: hash, id: 't-1' } });
    expect(outcome.kind === 'read' && outcome.token.text.reveal()).toBe(`heph1.${hash}.t-1.s3cret`);
    expect(JSON.stringify(outcome)).not.toContain('s3cret');
  });

  it.each([
    [''],
    ['heph1'],
    ['heph2.x.y.z'],
    [`heph1.${hash}.t1`],
    [`heph1.${hash}.t1.`],
    [`heph1.${hash}.t1.a.b`],
    ['heph1.xyz.t1.s3cret'],
    [`heph1.${hash}..s3cret`],
  ])('refuses %j without showing a secret', (text) => {
    const outcome = readJoinToken(text);
    expect(outcome.kind).toBe('malformed');
    expect(JSON.stringify(outcome)).not.toContain('s3cret');
  });
});
