// Finds what lets in whoever opens an address: codes of OAuth in a query, tokens in the path of a link that was mailed.
// Must never take identifiers of things for them: what is behind must look drawn at random, and no UUID counts in a path.
import { DIGIT, TOKEN, WORD, lineStart, runEnd, textOf } from './byte-classes.ts';
import type { Probe } from './finding.ts';
import { isUuid, looksRandom } from './randomness.ts';

const leastCode = 16;
const leastToken = 20;

/** `?code=…` and `&code=…` (RFC 6749), also where the query stands alone in a field. */
const code: Probe = {
  anchors: ['ode='],
  anyCase: false,
  examine(bytes, at, report) {
    if (bytes[at - 1] !== 0x63) return;
    const before = bytes[at - 2] ?? 0x20;
    const start = at + 4;
    const end = runEnd(bytes, start, CODE, start + 2048);
    const isQuery = before === 0x3f || before === 0x26 || (bytes[end] === 0x26 && (before === 0x20 || before === 0x22));
    if (isQuery && end - start >= leastCode && runEnd(bytes, start, DIGIT, end) < end && looksRandom(bytes, start, end))
      report({ start, end, kind: 'authorization-code', rank: 0 });
  },
};

const CODE = Uint8Array.from(TOKEN, (bit, byte) => (bit === 1 || byte === 0x25 ? 1 : 0));

/** Parts of a path behind which such a token stands. */
const places =
  /\/(?:log-?in|sign-?in|auth|sso|reset|reset[-_]?password|password[-_]?reset|set[-_]?password|verify|verification|verify[-_]?email|confirm|confirmation|confirm[-_]?email|invite|invites|invitation|accept|activate|activation|magic|magic[-_]?link|unlock|unsubscribe|token|tokens|recover|recovery|hooks?|webhooks?)\/$/i;

const path: Probe = {
  anchors: [
    'gin/',
    'uth/',
    'sso/',
    'set/',
    'ord/',
    'ify/',
    'ail/',
    'irm/',
    'ion/',
    'ite/',
    'tes/',
    'ept/',
    'gic/',
    'ink/',
    'ock/',
    'ibe/',
    'ken/',
    'ens/',
    'ver/',
    'ery/',
    'ook/',
    'oks/',
  ],
  anyCase: true,
  examine(bytes, at, report) {
    const start = at + 4;
    const end = runEnd(bytes, start, WORD, start + 256);
    if (end - start < leastToken || isUuid(bytes, start, end) || !looksRandom(bytes, start, end)) return;
    if (places.test(textOf(bytes, lineStart(bytes, start, 32), start))) report({ start, end, kind: 'link-token', rank: 0 });
  },
};

export const linkProbes: readonly Probe[] = [code, path];
