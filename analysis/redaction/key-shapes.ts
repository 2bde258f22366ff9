// Recognises keys by signs in their middle or at their end: those that vendors put there to be found by, and pairs of an id and its key.
// Must never rely on names; other shapes are in shape-probes.ts.
import { ALNUM, BASE64, DIGIT, HEX, WORD, lineEnd, runEnd, runStart } from './byte-classes.ts';
import type { Probe } from './finding.ts';
import { isBeginning } from './prefix-probe.ts';
import { looksRandom } from './randomness.ts';

const DOT = 0x2e;
const COLON = 0x3a;
const HEX_DIGITS = '0123456789abcdefABCDEF';
/** What may stand before a key that begins with two or three ordinary bytes. */
const BEFORE = '\0\n ,="\':';

/** Signs within keys of Azure (storage, event hubs, service bus, batch, registries, databases, search, functions, caches, models, DevOps) and where keys are long. */
const azureKey: Probe = {
  anchors: ['+ASt', '+AEh', '+ASb', '+ABa', '+AMC', '+ACR', '+ARm', 'AIoT', 'ACDb', 'AzSe', 'AzFu', 'AzCa', 'QQJ9', 'AZDO'],
  anyCase: false,
  examine(bytes, at, report) {
    const start = runStart(bytes, at, BASE64, at - 90);
    const end = runEnd(bytes, at, BASE64, at + 90);
    const length = end - start;
    if ([44, 52, 56, 84, 88].includes(length) && looksRandom(bytes, start, end)) report({ start, end, kind: 'azure-key', rank: 1 });
  },
};

/** 36 hexadecimal digits and `NRAL`. */
const newRelic: Probe = {
  anchors: ['NRAL'],
  anyCase: false,
  examine(bytes, at, report) {
    const start = runStart(bytes, at, HEX, at - 37);
    if (at - start === 36 && ALNUM[bytes[at + 4] ?? 0] !== 1) report({ start, end: at + 4, kind: 'newrelic-key', rank: 1 });
  },
};

/** `pat`, 14 letters and digits, a dot and 64 hexadecimal digits. */
const airtable: Probe = {
  anchors: [[BEFORE, 'p', 'a', 't']],
  anyCase: false,
  examine(bytes, at, report) {
    const start = at + 1;
    const dot = start + 17;
    if (bytes[dot] !== DOT || !isBeginning(bytes, start) || runEnd(bytes, start, ALNUM, dot) !== dot) return;
    const end = runEnd(bytes, dot + 1, HEX, dot + 66);
    if (end - dot - 1 === 64) report({ start, end, kind: 'airtable-token', rank: 1 });
  },
};

/** `1/`, a number, a colon and 32 hexadecimal digits; in newer ones two numbers behind `2/`. */
const asana: Probe = {
  anchors: [[BEFORE, '12', '/', '123456789']],
  anyCase: false,
  examine(bytes, at, report) {
    const start = at + 1;
    const colon = runEnd(bytes, start, NUMBERS, start + 48);
    if (colon - start < 12 || bytes[colon] !== COLON || !isBeginning(bytes, start)) return;
    const end = runEnd(bytes, colon + 1, HEX, colon + 34);
    if (end - colon - 1 === 32) report({ start, end, kind: 'asana-token', rank: 1 });
  },
};

const NUMBERS = Uint8Array.from(DIGIT, (bit, code) => (bit === 1 || code === 0x2f ? 1 : 0));

/** An access key id, and within the same line 40 bytes of base64: the key that belongs to it. */
const awsPair: Probe = {
  anchors: ['AKIA', 'ASIA'],
  anyCase: false,
  examine(bytes, at, report) {
    const idEnd = runEnd(bytes, at, ALNUM, at + 40);
    if (idEnd - at !== 20 || !isBeginning(bytes, at)) return;
    const limit = Math.min(lineEnd(bytes, idEnd), idEnd + 120);
    for (let i = idEnd; i < limit; i += 1) {
      if (BASE64[bytes[i] as number] !== 1) continue;
      const start = bytes[i] === 0x3d ? i + 1 : i;
      const end = runEnd(bytes, start, BASE64, start + 200);
      if (end - start === 40 && looksRandom(bytes, start, end)) report({ start, end, kind: 'aws-secret', rank: 1 });
      i = Math.max(end, i);
    }
  },
};

/** `name:1001:` and two hashes of Windows (`secretsdump`, `pwdump`). */
const windowsHashes: Probe = {
  anchors: [[HEX_DIGITS, ':', ':', ':']],
  anyCase: false,
  examine(bytes, at, report) {
    const end = at + 1;
    const second = runStart(bytes, end, HEX, end - 33);
    if (end - second !== 32 || bytes[second - 1] !== COLON) return;
    const first = runStart(bytes, second - 1, HEX, second - 34);
    if (second - 1 - first === 32) report({ start: first, end, kind: 'password-hash', rank: 1 });
  },
};

/** The private parts of a JSON web key (RFC 7517): `"d":"…"` and `"k":"…"`. */
const jsonWebKey: Probe = {
  anchors: ['"d":', '"k":', '"p":', '"q":', 'dp":', 'dq":', 'qi":'],
  anyCase: false,
  examine(bytes, at, report) {
    let start = at + 4;
    while (bytes[start] === 0x20) start += 1;
    if (bytes[start] !== 0x22) return;
    const end = runEnd(bytes, start + 1, WORD, start + 1024);
    if (bytes[end] === 0x22 && end - start > 22 && looksRandom(bytes, start + 1, end))
      report({ start: start + 1, end, kind: 'private-key', rank: 1 });
  },
};

export const keyShapes: readonly Probe[] = [azureKey, newRelic, airtable, asana, awsPair, windowsHashes, jsonWebKey];
