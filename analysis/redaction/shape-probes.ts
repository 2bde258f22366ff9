// Recognises credentials by a shape that has no fixed beginning: JSON web tokens, bot tokens, account keys.
// Must never rely on the words around them.
import { ALNUM, BASE64, DIGIT, HEX, TOKEN, WORD, runEnd, runStart, type ByteClass } from './byte-classes.ts';
import type { Probe } from './finding.ts';
import { isBeginning } from './prefix-probe.ts';
import { looksRandom } from './randomness.ts';

const mostBytes = 8192;
const DOT = 0x2e;

/** What may stand before a token that itself begins with few fixed bytes; the first stands for the beginning of all, letters are ends of `\n` and `%3D`. */
const BOUNDARIES = '\0\n ="\':/ntrD';

const DIGITS = '0123456789';
const HEX_DIGITS = `${DIGITS}abcdefABCDEF`;

/** RFC 7519: base64url of `{"…`, a dot, more of it, a dot, a signature that may be missing in a cut line. */
const jsonWebToken: Probe = {
  anchors: [['e', 'y', 'J', 'h0rjl4w6iuzq'], ['e', 'w', 'o', 'gi'], 'eyAi'],
  anyCase: false,
  examine(bytes, at, report) {
    if (!isBeginning(bytes, at)) return;
    const end = runEnd(bytes, at, TOKEN, at + mostBytes);
    const header = runEnd(bytes, at, WORD, end);
    const hasParts = bytes[header] === DOT && header - at >= 16 && runEnd(bytes, header + 1, WORD, end) - header > 8;
    // Grafana's and others' keys are the bare base64 of a JSON object with a secret in it.
    if (!hasParts && (header - at < 40 || !looksRandom(bytes, at, header))) return;
    let last = end;
    while (last > at && WORD[bytes[last - 1] as number] !== 1 && bytes[last - 1] !== 0x3d) last -= 1;
    report({ start: at, end: last, kind: 'jwt', rank: 1 });
  },
};

/** A JSON web token that was encoded in base64 once more. */
const encodedToken: Probe = {
  anchors: ['ZXlK'],
  anyCase: false,
  examine(bytes, at, report) {
    if (!isBeginning(bytes, at)) return;
    const end = runEnd(bytes, at, BASE64, at + mostBytes);
    if (end - at >= 40) report({ start: at, end, kind: 'jwt', rank: 1 });
  },
};

/** `110201543:AAHdqTcvCH1vGWJxfSe1ofSAs0K5PALDsaw`: a bot's number and its key of 35 bytes. */
const telegram: Probe = {
  anchors: [[DIGITS, DIGITS, ':', 'A']],
  anyCase: false,
  examine(bytes, at, report) {
    const colon = at + 2;
    const start = runStart(bytes, colon, DIGIT, colon - 17);
    if (colon - start < 5) return;
    // In an address the number stands behind `bot`.
    const before = bytes[start - 1] ?? 0;
    if (before !== 0x74 && !isBeginning(bytes, start)) return;
    const end = runEnd(bytes, colon + 1, WORD, colon + 1 + 40);
    const length = end - colon - 1;
    if (length >= 33 && length <= 37) report({ start, end, kind: 'telegram-token', rank: 1 });
  },
};

/** Three parts in base64url, the first of which encodes a number: its user's id. */
const discord: Probe = {
  anchors: [[BOUNDARIES, 'MNO', 'DTjz', 'AEIMQUYcgk']],
  anyCase: false,
  examine(bytes, at, report) {
    const start = at + 1;
    if (!isBeginning(bytes, start)) return;
    const first = runEnd(bytes, start, WORD, start + 32);
    if (first - start < 23 || bytes[first] !== DOT) return;
    const second = runEnd(bytes, first + 1, WORD, first + 9);
    if (second - first < 6 || bytes[second] !== DOT) return;
    const end = runEnd(bytes, second + 1, WORD, second + 65);
    if (end - second > 26) report({ start, end, kind: 'discord-token', rank: 1 });
  },
};

/** `AC` or `SK` and 32 hexadecimal digits; `SK` is a key, `AC` the account that it opens. */
const twilio: Probe = {
  anchors: [
    [BOUNDARIES, 'A', 'C', HEX_DIGITS],
    [BOUNDARIES, 'S', 'K', HEX_DIGITS],
  ],
  anyCase: false,
  examine(bytes, at, report) {
    const end = runEnd(bytes, at + 3, HEX, at + 3 + 40);
    if (end - at - 3 === 32 && isBeginning(bytes, at + 1) && WORD[bytes[end] ?? 0] !== 1)
      report({ start: at + 1, end, kind: 'twilio-key', rank: 1 });
  },
};

/** 32 hexadecimal digits and the name of a data centre. */
const mailchimp: Probe = {
  anchors: [['-', 'u', 's', '123456789']],
  anyCase: false,
  examine(bytes, at, report) {
    const start = runStart(bytes, at, HEX, at - 33);
    if (at - start !== 32) return;
    report({ start, end: runEnd(bytes, at + 3, DIGIT, at + 5), kind: 'mailchimp-key', rank: 1 });
  },
};

const AZURE_SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~';
const AZURE: ByteClass = Uint8Array.from({ length: 256 }, (_unused, code) => (AZURE_SIGNS.includes(String.fromCharCode(code)) ? 1 : 0));

/** A client secret of Microsoft Entra: 37 to 40 bytes, `Q~` the fifth and sixth of them. */
const azure: Probe = {
  anchors: [[DIGITS, 'Q', '~', AZURE_SIGNS]],
  anyCase: false,
  examine(bytes, at, report) {
    const start = at - 3;
    const end = runEnd(bytes, at, AZURE, at + 48);
    if (start >= 0 && runStart(bytes, at, AZURE, start) === start && end - start >= 37 && looksRandom(bytes, start, end))
      report({ start, end, kind: 'azure-secret', rank: 1 });
  },
};

/** `AP` and a digit or letter, then base64; old keys of Artifactory. */
const artifactory: Probe = {
  anchors: [
    [BOUNDARIES, 'A', 'K', 'C'],
    [BOUNDARIES, 'A', 'P', '123456789ABCDEF'],
  ],
  anyCase: false,
  examine(bytes, at, report) {
    const start = at + 1;
    const end = runEnd(bytes, start + 3, ALNUM, start + 200);
    if (end - start >= 13 && isBeginning(bytes, start) && looksRandom(bytes, start + 3, end))
      report({ start, end, kind: 'artifactory-key', rank: 1 });
  },
};

/** The parts of `AccountKey=…;` and signatures are found by their names; these are found by themselves. */
export const shapeProbes: readonly Probe[] = [jsonWebToken, encodedToken, telegram, discord, twilio, mailchimp, azure, artifactory];
