// Finds what tells of people rather than opens doors: mail addresses, IP addresses, telephone numbers, bank accounts.
// Must never take loopback or unspecified addresses, versions or times for one of them.
import type { Report } from './finding.ts';

interface Shape {
  readonly kind: string;
  /** Linear: no part of it can match the same text in two ways. */
  readonly pattern: RegExp;
  readonly check: (text: string) => boolean;
}

const shapes: readonly Shape[] = [
  // RFC 5321: the local part has at most 64 characters.
  { kind: 'mail', pattern: /(?<![\w.%+-])[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])/g, check: () => true },
  { kind: 'ip', pattern: /(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)/g, check: isPersonalAddress },
  { kind: 'ip', pattern: /(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![\w:.])/g, check: isIpv6 },
  { kind: 'iban', pattern: /(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)/g, check: isIban },
  {
    kind: 'phone',
    pattern: /(?<![\w+.:/-])\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,5}(?:[ .-]?\d{2,5}){1,4}(?![\w-])/g,
    check: isPhone,
  },
  { kind: 'phone', pattern: /(?<![\w+.:/-])\(\d{3}\) ?\d{3}-\d{4}(?![\w-])/g, check: () => true },
];

/** Slower than the search for credentials: regular expressions go over all of the text once for each shape. */
export function findPersonalData(bytes: Uint8Array, report: Report): void {
  // One character a byte, so that positions are the same.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  for (const { kind, pattern, check } of shapes) {
    for (const match of text.matchAll(pattern)) {
      if (check(match[0])) report({ start: match.index, end: match.index + match[0].length, kind, rank: 1 });
    }
  }
}

function isPersonalAddress(text: string): boolean {
  const parts = text.split('.').map(Number);
  if (parts.some((part) => part > 255) || /(?:^|\.)0\d/.test(text)) return false;
  const [first = 0] = parts;
  return first !== 0 && first !== 127 && first !== 255 && text !== '255.255.255.255';
}

function isIpv6(text: string): boolean {
  if (text === '::1' || /^\d{1,2}:\d{2}(?::\d{2})?$/.test(text) || !/[A-Fa-f:]{2}|[A-Fa-f]/.test(text)) return false;
  const groups = text.split(':').length;
  return text.includes('::') ? text.indexOf('::') === text.lastIndexOf('::') && groups >= 4 : groups === 8;
}

/** ISO 13616: the letters as numbers, the first four signs at the end, leave 1 when divided by 97. */
function isIban(text: string): boolean {
  const bare = text.replaceAll(' ', '');
  if (bare.length < 15 || bare.length > 34) return false;
  let rest = 0;
  for (const sign of bare.slice(4) + bare.slice(0, 4)) {
    for (const digit of String(parseInt(sign, 36))) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest === 1;
}

/** E.164: at most 15 digits; fewer than 8 are something else. */
function isPhone(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '').length;
  return digits >= 8 && digits <= 15;
}
