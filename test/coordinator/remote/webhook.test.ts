// Which webhooks are believed, and what is read from them.
// Must never use a signature that the code under test made.
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../base/secret.ts';
import { readWebhook, type WebhookRequest } from '../../../coordinator/remote/webhook.ts';

const key = 'correct horse';
const nowMs = Date.UTC(2026, 0, 1);
const hmac = (body: string, secret: string | Buffer = key): Buffer => createHmac('sha256', secret).update(body).digest();

function read(provider: WebhookRequest['provider'], body: string, headers: Record<string, string>, secret = key) {
  return readWebhook({ provider, headers, body: Buffer.from(body), secret: new Secret(secret), nowMs });
}

describe('a webhook', () => {
  const pull = JSON.stringify({ action: 'closed', pull_request: { number: 7 } });

  it('of GitHub is proven by its signature (the example of GitHub’s documentation)', () => {
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    expect(read('github', 'Hello, World!', { 'x-hub-signature-256': signature }, "It's a Secret to Everybody")).toEqual({
      kind: 'refused',
      reason: 'unreadable',
    });
    expect(read('github', 'Hello, World?', { 'x-hub-signature-256': signature }, "It's a Secret to Everybody")).toEqual({
      kind: 'refused',
      reason: 'forged',
    });
  });

  it('of GitHub and Gitea says which change request is meant', () => {
    const hex = hmac(pull).toString('hex');
    const genuine = { kind: 'genuine', number: '7', branch: undefined };
    expect(read('github', pull, { 'x-hub-signature-256': `sha256=${hex}` })).toEqual(genuine);
    expect(read('gitea', pull, { 'x-gitea-signature': hex })).toEqual(genuine);
    expect(read('gitea', pull, { 'x-forgejo-signature': hex })).toEqual(genuine);
    const comment = JSON.stringify({ issue: { number: 9 } });
    expect(read('github', comment, { 'x-hub-signature-256': `sha256=${hmac(comment).toString('hex')}` })).toMatchObject({ number: '9' });
    const push = JSON.stringify({ ref: 'refs/heads/main' });
    expect(read('gitea', push, { 'x-gitea-signature': hmac(push).toString('hex') })).toMatchObject({ number: undefined, branch: 'main' });
  });

  it('of GitLab is proven by its token, or by a signature that is fresh', () => {
    const body = JSON.stringify({ object_kind: 'merge_request', object_attributes: { iid: 3 } });
    expect(read('gitlab', body, { 'x-gitlab-token': key })).toMatchObject({ kind: 'genuine', number: '!3' });
    expect(read('gitlab', body, { 'x-gitlab-token': `${key}.` })).toEqual({ kind: 'refused', reason: 'forged' });
    const raw = Buffer.from('0123456789abcdef0123456789abcdef');
    const signing = `whsec_${raw.toString('base64')}`;
    const signed = (atMs: number): Record<string, string> => {
      const timestamp = String(atMs / 1000);
      const signature = hmac(`id-1.${timestamp}.${body}`, raw).toString('base64');
      return { 'webhook-id': 'id-1', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,AAAA v1,${signature}` };
    };
    expect(read('gitlab', body, signed(nowMs), signing)).toMatchObject({ kind: 'genuine', number: '!3' });
    expect(read('gitlab', body, signed(nowMs - 3_600_000), signing)).toEqual({ kind: 'refused', reason: 'stale' });
    expect(read('gitlab', body, { ...signed(nowMs), 'webhook-id': 'id-2' }, signing)).toEqual({ kind: 'refused', reason: 'forged' });
  });

  it('without a proof, or for plain git, is refused', () => {
    for (const provider of ['github', 'gitea', 'gitlab', 'git'] as const)
      expect(read(provider, pull, {})).toEqual({ kind: 'refused', reason: 'unsigned' });
    expect(read('github', pull, { 'x-hub-signature-256': 'sha256=00' })).toEqual({ kind: 'refused', reason: 'forged' });
    expect(read('github', pull, { 'x-hub-signature-256': `sha1=${hmac(pull).toString('hex')}` }).kind).toBe('refused');
  });
});
