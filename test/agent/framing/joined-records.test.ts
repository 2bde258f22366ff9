// What people find in one record when a program fails: the events of joined-records.txt, as runtimes, frameworks and loggers write them.
// Must never be adapted to the rules: the file says which lines are one event, whatever the rules make of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSourceFramer } from '../../../agent/framing/source-framer.ts';

/** `### name`, then records with `%%%` between them. */
const events = readFileSync(join(import.meta.dirname, 'joined-records.txt'), 'utf8')
  .split(/^### /m)
  .slice(1)
  .map((text) => {
    const end = text.indexOf('\n');
    return { name: text.slice(0, end), records: text.slice(end + 1, -1).split('\n%%%\n') };
  });

type Wrap = (line: string, index: number) => string;

/** What writers put around lines that aren't theirs. */
const wrappers: readonly (readonly [string, Wrap])[] = [
  ['nothing', (line) => line],
  ['carriage returns', (line) => `${line}\r`],
  ['syslog', (line) => `Nov 29 13:33:07 web-1 app[12]: ${line}`],
  ['RFC 5424', (line) => `<11>1 2026-11-29T13:33:07.123456+00:00 web-1 app 12 - - ${line}`],
  ['CRI', (line) => `2026-11-29T13:33:07.123456789Z stderr F ${line}`],
  ['compose', (line) => `web-1  | ${line}`],
  ['pm2', (line) => `0|app  | ${line}`],
  ['foreman', (line) => `13:33:07 web.1   | ${line}`],
];

/** What a logger or a tool puts before every line, and nobody knows beforehand. */
const headers: readonly (readonly [string, Wrap])[] = [
  ['kubectl', (line) => `[pod/orders-7d9f8b-abcde/orders] ${line}`],
  ['stern', (line) => `orders-7d9f8b-abcde orders ${line}`],
  ['ts', (line) => `Nov 29 13:33:07 ${line}`],
  ['a time', (line, index) => `2026-11-29T13:33:07.${100_000 + index}Z ${line}`],
  ['a logger', (line, index) => `2026-11-29 13:33:07,${100 + index} ERROR app.views ${line}`],
  ['dashes', (line, index) => `2026-11-29 13:33:07,${100 + index} - app.views - ERROR - ${line}`],
  [
    'mod_wsgi',
    (line, index) => `[Sun Nov 29 13:33:07.${123_456 + index} 2026] [wsgi:error] [pid 12:tid 34] [client 10.0.0.3:4411] ${line}`,
  ],
  ['heroku', (line, index) => `2026-11-29T13:33:07.${123_456 + index}+00:00 app[web.1]: ${line}`],
];

/** One or two of each language: a header stands before what has none of its own. */
const headed = [
  'node-uncaught',
  'node-code-tail',
  'node-cause',
  'node-aggregate',
  'python-django',
  'python-chain',
  'python-group',
  'python-repeated',
  'java-uncaught',
  'kotlin',
  'clojure-java',
  'go-panic',
  'go-panic-many',
  'go-concurrent-map',
  'go-race',
  'ruby-uncaught',
  'php-fatal',
  'dotnet-unhandled',
  'rust-panic-new',
  'rust-assert',
  'tsan',
  'elixir-task',
  'perl-confess',
  'json-pretty',
];

function wrapped(records: readonly string[], wrap: Wrap): string[] {
  let index = 0;
  return ['serving requests as usual', ...records, 'all is well again'].map((record) => {
    const lines = record.split('\n').map((line) => wrap(line, index++));
    return `${lines.join('\n')}\n`;
  });
}

function recordsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const framed = createSourceFramer({}).frame(bytes, 'everything');
  let end = 0;
  return framed.recordLengths.map((length) => {
    end += length;
    return (framed.bytes ?? bytes).toString('utf8', end - length, end);
  });
}

describe.each(wrappers)('behind %s', (_name, wrap) => {
  it.each(events)('$name is one record an event', ({ records }) => {
    const expected = wrapped(records, wrap);
    expect(recordsOf(expected.join(''))).toEqual(expected);
  });
});

describe.each(headers)('with the header of %s on every line', (_name, wrap) => {
  it.each(events.filter(({ name }) => headed.includes(name)))('$name is one record an event', ({ records }) => {
    const expected = wrapped(records, wrap);
    expect(recordsOf(expected.join(''))).toEqual(expected);
  });
});
