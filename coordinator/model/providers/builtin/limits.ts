// Configured limits that are too small for what came: which setting a message means, and the value that would hold.
// Must never invent a setting: only one that the repository has already is raised, and at most to what its code declares or twice the need.
import type { PatternCandidate, PatternProblem, PatternSetting } from '../../pattern-engine.ts';

interface LimitTemplate {
  readonly pattern: string;
  /** The first group, where there is one, is the number that would have been needed. */
  readonly says: RegExp;
  /** As they are written in configuration. */
  readonly keys: readonly string[];
  /** What code calls the same limit; the configuration should allow what the code allows. */
  readonly peers: readonly string[];
  /** Size of one, where a number has no unit. */
  readonly bare: number;
  readonly kind: 'bytes' | 'seconds' | 'count';
}

const kib = 1024;
const mib = kib * kib;
const bodyPeers = ['MAX_UPLOAD', 'MAX_BODY', 'MAX_FILE_SIZE', 'MAX_CONTENT_LENGTH', 'maxUpload', 'maxFileSize', 'bodyLimit', 'fileSize:'];

/** The wording is the programs' own: nginx, PHP, V8, HotSpot, MySQL, gRPC, PostgreSQL and the C library. */
const templates: readonly LimitTemplate[] = [
  limit('body-size', /client intended to send too large (?:chunked )?body: (\d+) bytes/, ['client_max_body_size'], 'bytes', bodyPeers),
  limit('body-size', /POST Content-Length of (\d+) bytes exceeds the limit/, ['post_max_size'], 'bytes', bodyPeers),
  limit('body-size', /PayloadTooLargeError|request entity too large/i, ['bodyLimit', 'json({ limit', 'urlencoded({ limit'], 'bytes', []),
  limit('timeout', /upstream timed out.{0,80}while connecting/, ['proxy_connect_timeout', 'fastcgi_connect_timeout'], 'seconds', []),
  limit('timeout', /upstream timed out/, ['proxy_read_timeout', 'fastcgi_read_timeout', 'uwsgi_read_timeout'], 'seconds', []),
  limit('timeout', /Maximum execution time of \d+ seconds? exceeded/, ['max_execution_time'], 'seconds', []),
  limit('memory', /Allowed memory size of \d+ bytes exhausted/, ['memory_limit'], 'bytes', []),
  limit('memory', /JavaScript heap out of memory/, ['--max-old-space-size'], 'bytes', [], mib),
  limit('memory', /Java heap space/, ['-Xmx'], 'bytes', []),
  limit('open-files', /too many open files|\bEMFILE\b/i, ['LimitNOFILE', 'worker_rlimit_nofile'], 'count', []),
  limit('packet-size', /Packet for query is too large \((\d+) >/, ['max_allowed_packet'], 'bytes', []),
  limit('packet-size', /max_allowed_packet/, ['max_allowed_packet'], 'bytes', []),
  limit(
    'message-size',
    /[Rr]eceived message larger than max \((\d+) vs/,
    ['MaxCallRecvMsgSize', 'max_receive_message_length'],
    'bytes',
    [],
  ),
  limit('connections', /worker_connections are not enough/, ['worker_connections'], 'count', []),
  limit('connections', /too many clients already|remaining connection slots/, ['max_connections'], 'count', []),
];

function limit(
  pattern: string,
  says: RegExp,
  keys: readonly string[],
  kind: LimitTemplate['kind'],
  peers: readonly string[],
  bare = 1,
): LimitTemplate {
  return { pattern, says, keys, peers, bare, kind };
}

/** What to look for in the repository; empty where a message speaks of no limit. */
export function limitKeys(words: string): readonly string[] {
  const template = templateFor(words);
  return template === undefined ? [] : [...template.keys, ...template.peers];
}

/** The setting raised to what the code allows, where that is enough, and to the next power of two above the need. */
export function proposeLimits(problem: PatternProblem): readonly PatternCandidate[] {
  const words = wordsOf(problem);
  const template = templateFor(words);
  if (template === undefined) return [];
  const needed = Number(template.says.exec(words)?.[1] ?? Number.NaN);
  const declared = problem.settings
    .filter(({ text }) => template.peers.some((peer) => text.includes(peer)) && !template.keys.some((key) => text.includes(key)))
    .flatMap((setting) => ({ setting, value: readExpression(setting.text) }));
  return problem.settings
    .filter(({ text }) => template.keys.some((key) => text.includes(key)) && !/^\s*(?:#|;|\/\/)/.test(text))
    .flatMap((setting) => {
      const current = readSetting(setting, template);
      // What holds the need already isn't what refused it.
      if (current === undefined || current.value === 0 || (needed > 0 && current.value >= needed)) return [];
      const targets: { readonly value: number; readonly why: string }[] = declared.flatMap(({ value, setting: peer }) =>
        value !== undefined && value > current.value && (Number.isNaN(needed) || value >= needed)
          ? [{ value, why: `${peer.path}:${peer.line} allows ${value}` }]
          : [],
      );
      let doubled = current.value * 2;
      while (doubled < needed) doubled *= 2;
      targets.push({ value: doubled, why: Number.isNaN(needed) ? 'which is twice as much' : `${needed} were needed` });
      return targets.flatMap((target) => raise(problem, template, setting, current, target));
    });
}

function templateFor(words: string): LimitTemplate | undefined {
  return templates.find(({ says }) => says.test(words));
}

export function wordsOf({ type, message }: Pick<PatternProblem, 'type' | 'message'>): string {
  return `${type ?? ''} ${message}`;
}

interface Setting {
  readonly value: number;
  /** Where the number stands in the line, without its unit. */
  readonly start: number;
  readonly end: number;
  readonly size: number;
  readonly key: string;
}

function readSetting({ text }: PatternSetting, template: LimitTemplate): Setting | undefined {
  for (const key of template.keys) {
    const at = text.indexOf(key);
    if (at === -1) continue;
    const start = at + key.length;
    const match = /^["']?[ \t]{0,40}[:=( \t]?[ \t]{0,40}["']?(\d{1,15})(?:[ \t]?(ms|min|[kmg]i?b?|[shb])\b)?(?![\w.])/i.exec(
      text.slice(start),
    );
    const digits = match?.[1];
    if (match === null || digits === undefined) continue;
    const size = sizeOf(match[2] ?? '', template);
    if (size === undefined) continue;
    const from = start + match[0].indexOf(digits);
    return { value: Number(digits) * size, start: from, end: from + digits.length, size, key };
  }
  return undefined;
}

function sizeOf(unit: string, { kind, bare }: LimitTemplate): number | undefined {
  if (unit === '') return bare;
  const sizes: Readonly<Record<LimitTemplate['kind'], Readonly<Record<string, number>>>> = {
    bytes: { b: 1, k: kib, kb: kib, kib, m: mib, mb: mib, mib, g: mib * kib, gb: mib * kib, gib: mib * kib },
    seconds: { ms: 0.001, s: 1, m: 60, min: 60, h: 3600 },
    count: {},
  };
  return sizes[kind][unit.toLowerCase()];
}

/** The value that a line of code gives a limit, in bytes: `20 * 1024 * 1024`, `20 << 20`, `"20mb"`, `20_971_520`. */
function readExpression(text: string): number | undefined {
  const after = /[:=(][^\d]{0,20}(\d[\d_]{0,14}(?:[ \t]?\*[ \t]?\d[\d_]{0,14}){0,4})(?:[ \t]?<<[ \t]?(\d{1,2}))?[ \t]?([kmg]i?b?)?\b/i.exec(
    text,
  );
  if (after?.[1] === undefined) return undefined;
  const product = after[1].split('*').reduce((value, factor) => value * Number(factor.replaceAll('_', '').trim()), 1);
  const unit = (after[3] ?? '').toLowerCase().charAt(0);
  const size = unit === 'k' ? kib : unit === 'm' ? mib : unit === 'g' ? mib * kib : 1;
  return product * 2 ** Number(after[2] ?? 0) * size;
}

function raise(
  problem: PatternProblem,
  template: LimitTemplate,
  { path, line, text }: PatternSetting,
  current: Setting,
  target: { readonly value: number; readonly why: string },
): readonly PatternCandidate[] {
  const lines = problem.files.get(path)?.split('\n');
  const old = lines?.[line - 1];
  if (lines === undefined || old === undefined || !old.startsWith(text.slice(0, current.end))) return [];
  const value = String(Math.ceil(target.value / current.size));
  const changed = old.slice(0, current.start) + value + old.slice(current.end);
  const was = text.slice(current.start).match(/^\d+[a-zA-Z]*/)?.[0] ?? '';
  const is = changed.slice(current.start).match(/^\d+[a-zA-Z]*/)?.[0] ?? '';
  return [
    {
      pattern: `limit-${template.pattern}`,
      title: `Raise ${current.key} to ${is} in ${path}`.slice(0, 72),
      rootCause: `${current.key} is ${was} on line ${line} of ${path}, too small for what came: ${is} holds it (${target.why}).`,
      files: new Map([[path, lines.with(line - 1, changed).join('\n')]]),
      size: 2,
      loses: 0,
      reverts: undefined,
    },
  ];
}
