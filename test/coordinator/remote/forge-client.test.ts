// What the client for forges asks again, and what it keeps.
// Must never reach a forge.
import { describe, expect, it } from 'vitest';
import { ForgeClient } from '../../../coordinator/remote/forge-client.ts';
import { Secret } from '../../../base/secret.ts';
import { systemClock } from '../../../base/clock.ts';

interface Asked {
  readonly url: string;
  readonly etag: string | null;
}

/** Answers with an ETag made of the current body, 304 where it is still that. */
function forgeWith(body: () => unknown) {
  const asked: Asked[] = [];
  const fetch = async (url: unknown, init?: RequestInit): Promise<Response> => {
    const text = JSON.stringify(body());
    const etag = `W/"${text.length}-${text}"`;
    const sent = new Headers(init?.headers).get('if-none-match');
    asked.push({ url: String(url), etag: sent });
    return sent === etag ? new Response(null, { status: 304 }) : new Response(text, { headers: { etag } });
  };
  const client = new ForgeClient({
    forge: 'Gitea',
    baseUrl: 'https://git.example.com/api/v1',
    repository: 'acme/shop',
    token: async () => new Secret('t'),
    authorize: (token) => ['authorization', `token ${token}`],
    clock: systemClock,
    fetch,
  });
  return { client, asked };
}

describe('a client for a forge', () => {
  it('asks whether an answer changed, and takes the one it has where it did not', async () => {
    let state = 'open';
    const { client, asked } = forgeWith(() => ({ state }));
    expect(await client.get('/pulls/1')).toEqual({ state: 'open' });
    expect(await client.get('/pulls/1')).toEqual({ state: 'open' });
    state = 'closed';
    expect(await client.get('/pulls/1')).toEqual({ state: 'closed' });
    expect(await client.get('/pulls/1')).toEqual({ state: 'closed' });
    expect(asked.map(({ etag }) => etag?.includes('open'))).toEqual([undefined, true, true, false]);
  });

  it('keeps answers apart by query, and never asks so when it changes something', async () => {
    const { client, asked } = forgeWith(() => ({ ok: 1 }));
    await client.get('/pulls', { state: 'open' });
    await client.get('/pulls', { state: 'closed' });
    await client.send('POST', '/pulls', { title: 'x' });
    await client.send('POST', '/pulls', { title: 'x' });
    expect(asked.map(({ etag }) => etag)).toEqual([null, null, null, null]);
  });
});

describe('a missing permission', () => {
  it.each([
    ['Gitea', 'token does not have at least one of required scope(s): [write:issue]', /needs the scope write:issue;/],
    ['Gitea', 'forbidden', /write:repository and write:issue/],
    ['GitLab', 'insufficient_scope', /role Developer.*scopes api and write_repository/],
  ])('is named as %s names things: %s', async (forge, said, expected) => {
    const client = new ForgeClient({
      forge,
      baseUrl: 'https://git.example.com/api',
      repository: 'acme/shop',
      token: async () => new Secret('t'),
      authorize: (token) => ['authorization', token],
      clock: systemClock,
      fetch: async () => Response.json({ message: said }, { status: 403 }),
    });
    await expect(client.get('/x')).rejects.toThrow(expected);
  });
});
