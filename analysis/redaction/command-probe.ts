// Finds passwords in the places that programs and people put them without a sign between: command lines, SQL, sentences, credential files.
// Must never take a word for a password where the place alone doesn't say so.
import { DIGIT, LETTER, QUOTE, lineStart, textOf } from './byte-classes.ts';
import type { Anchor, Probe, Report } from './finding.ts';
import { isPlaceholder } from './placeholder.ts';

const before = 200;
const behind = 300;

interface Rule {
  readonly anchors: readonly Anchor[];
  readonly anyCase?: boolean;
  /** Of the line, up to the anchor. */
  readonly before?: RegExp;
  /** From the anchor on; group 1 is the value. The flag `d` is needed. */
  readonly value: RegExp;
  readonly kind: string;
  /** The value must have letters and digits, as a password has and a word of prose hasn't. */
  readonly isMixed?: true;
}

const quoted = `["'\`]([^"'\`\\n]{3,128})["'\`]`;
const word = `["']?([^\\s"',;&<>()\\]}]{3,128})`;

const rules: readonly Rule[] = [
  // MySQL, Oracle, PostgreSQL, SQL Server
  {
    anchors: ["by '", 'by "'],
    anyCase: true,
    before: /identified (?:with \S{1,40} )?$/i,
    value: new RegExp(`^by ${quoted}`, 'di'),
    kind: 'password',
  },
  { anchors: ['D BY'], before: /IDENTIFIE$/, value: new RegExp(`^D BY ${word}`, 'd'), kind: 'password' },
  { anchors: ["rd '", 'rd "', 'rd `'], anyCase: true, before: /passwo$/i, value: new RegExp(`^rd ${quoted}`, 'di'), kind: 'password' },
  { anchors: ["= N'"], before: /password ?$/i, value: new RegExp(`^= N${quoted}`, 'd'), kind: 'password' },
  // Sentences and .netrc
  { anchors: ['assw'], anyCase: true, before: /login \S{1,80} p$/i, value: new RegExp(`^assword ${word}`, 'di'), kind: 'password' },
  {
    anchors: ['assw'],
    anyCase: true,
    value: new RegExp(`^assword(?: (?:is|was|now|set to|changed to))? ${word}`, 'di'),
    kind: 'password',
    isMixed: true,
  },
  // Command lines
  {
    anchors: [' -p ', " -p'", ' -p"'],
    before: /(?:sshpass|(?:docker|podman|helm|nerdctl|registry|oc|az|cf)\b.{0,60}\blogin|mongo\w*)\b[^|;&]{0,120}$/,
    value: new RegExp(`^ -p ?${word}`, 'd'),
    kind: 'password',
  },
  {
    anchors: [[' ', '-', 'p', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789']],
    before: /\b(?:mysql\w*|mariadb[\w-]*|sshpass)\b[^|;&]{0,160}$/,
    value: new RegExp(`^ -p${word}`, 'd'),
    kind: 'password',
    isMixed: true,
  },
  { anchors: ['wd -'], before: /\bhtpass$/, value: new RegExp(`^wd -\\w*b\\w* \\S{1,120} \\S{1,80} ${word}`, 'd'), kind: 'password' },
  // Addresses of databases that are no URLs
  { anchors: ['@tcp', '@uni'], before: /[\w.-]{1,80}:[^\s"'@]{1,128}$/, value: /^(@)(?:tcp|unix)\(/d, kind: 'url-password' },
  { anchors: ['hin:'], before: /\bjdbc:oracle:t$/, value: /^hin:[^/\s]{1,80}\/([^@\s]{3,128})@/d, kind: 'url-password' },
  { anchors: ['wd={'], anyCase: true, before: /\bp$/i, value: /^wd=\{([^}\n]{3,128})\}/di, kind: 'password' },
  { anchors: [':543'], value: /^:543\d:[^:\s]{1,80}:[^:\s]{1,80}:([^\s:]{3,128})(?=\s|$)/d, kind: 'password' },
  // The word for it in other languages
  {
    anchors: [
      'nnwo',
      'sse=',
      'sse:',
      'ena=',
      'ena:',
      'nha=',
      'nha:',
      'twoo',
      'ola=',
      'ola:',
      'slo=',
      'slo:',
      'fre=',
      'fre:',
      'gsko',
      'lszo',
    ],
    anyCase: true,
    before: /(?:^|[^a-z])(?:ke|mot_?de_?pa|contras|se|wach|par|ha|he|si|adgan|je)$/i,
    value: new RegExp(`^(?:nnwort|sse|ena|nha|twoord|ola|slo|fre|gskode|lszo)["']?[ \\t]{0,2}[=:][ \\t]{0,2}${word}`, 'di'),
    kind: 'password',
  },
];

/** crypt(5), PHC strings, Django's and LDAP's: what a password was turned into can be tried out. */
const hashes: Probe = {
  anchors: [
    '$2a$',
    '$2b$',
    '$2y$',
    '$apr',
    '$arg',
    ['$', '156y', '$', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./'],
    'SHA}',
    'df2_',
  ],
  anyCase: false,
  examine(bytes, at, report) {
    const text = textOf(bytes, at, Math.min(bytes.length, at + behind));
    const match =
      /^\$(?:2[aby]\$\d\d\$[./A-Za-z0-9]{53}|(?:apr1|[156]|argon2(?:id|i|d)|y)\$[\w./=,$+-]{20,})/.exec(text) ??
      /^SHA\}[A-Za-z0-9+/=]{24,}/.exec(text) ??
      /^df2_sha\d{1,3}\$\d+\$[^$\s]{4,64}\$[A-Za-z0-9+/=]{20,}/.exec(text);
    if (match === null) return;
    const skip = text.startsWith('SHA}') ? 4 : 0;
    report({ start: at + skip, end: at + match[0].length, kind: 'password-hash', rank: 1 });
  },
};

export const commandProbes: readonly Probe[] = [
  hashes,
  ...rules.map((rule): Probe => ({
    anchors: rule.anchors,
    anyCase: rule.anyCase ?? false,
    examine: (bytes, at, report) => apply(rule, bytes, at, report),
  })),
];

function apply(rule: Rule, bytes: Uint8Array, at: number, report: Report): void {
  const from = lineStart(bytes, at, before);
  const head = rule.before === undefined ? '' : textOf(bytes, from, at);
  if (rule.before !== undefined && !rule.before.test(head)) return;
  const match = rule.value.exec(textOf(bytes, at, Math.min(bytes.length, at + behind)));
  const place = match?.indices?.[1];
  if (place === undefined) return;
  let start = at + place[0];
  let end = at + place[1];
  // The value stands before an @, behind the first colon of what belongs together.
  if (match?.[1] === '@') {
    end = at;
    start = at;
    while (start > from && bytes[start - 1] !== 0x20 && QUOTE[bytes[start - 1] as number] !== 1 && bytes[start - 1] !== 0x3d) start -= 1;
    const colon = bytes.indexOf(0x3a, start);
    if (colon < 0 || colon >= end) return;
    start = colon + 1;
  }
  while (end > start && (bytes[end - 1] === 0x2e || bytes[end - 1] === 0x3a)) end -= 1;
  if (end - start < 3 || bytes[start] === 0x2d || bytes[start] === 0x2f || isPlaceholder(bytes, start, end)) return;
  if (rule.isMixed === true && !isMixed(bytes, start, end)) return;
  report({ start, end, kind: rule.kind, rank: 0 });
}

/** Eight bytes or more with digits in the middle, and letters of both cases or a sign. */
function isMixed(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 8) return false;
  const text = textOf(bytes, start, end);
  let digits = 0;
  let letters = 0;
  for (let i = start; i < end; i += 1) {
    digits += DIGIT[bytes[i] as number] ?? 0;
    letters += LETTER[bytes[i] as number] ?? 0;
  }
  return digits > 0 && letters > 2 && /[a-z]/.test(text) && /[A-Z!#$%*+?]/.test(text) && !text.includes('://') && !text.includes('(');
}
