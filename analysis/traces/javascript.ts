// Reads the traces of Node and of browsers (V8, Firefox and Safari formats).
// Must never join lines; at-joining does.
import type { Frame, Trace, TraceLanguage } from '../trace.ts';
import { findExceptionHead, readExceptionHead } from './exception-head.ts';
import { indentationOf } from './join-rules.ts';
import { chainOf, frameOf, MAX_CAUSES, readLocation, traceOf, words } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

export const javascriptReader: TraceReader = {
  weigh: (lines) => {
    let frames = 0;
    let heads = 0;
    for (const line of lines) {
      if (readJavascriptFrame(line)?.file !== undefined) frames += 1;
      else if (heads === 0 && findExceptionHead(line) !== undefined) heads = 1;
    }
    // One frame is a trace where an exception is named; without, it could be prose.
    return frames === 0 ? 0 : frames + heads;
  },
  read(lines) {
    const sections = sectionsOf(lines);
    const [first] = sections;
    if (first === undefined) return undefined;
    const language = languageOf(sections);
    const root = first.indent;
    const traces: Trace[] = [];
    const related: Trace[] = [];
    for (const section of sections.slice(0, MAX_CAUSES)) {
      const trace = traceOf(language, section);
      if (section.isGroupMember || (section !== first && !section.isCause && section.indent <= root)) related.push(trace);
      else traces.push(trace);
    }
    const chain = chainOf(traces);
    return chain === undefined ? undefined : { ...chain, related };
  },
};

interface Section {
  type: string | undefined;
  message: string;
  frames: Frame[];
  readonly indent: number;
  readonly isCause: boolean;
  readonly isGroupMember: boolean;
}

/** One section an exception: its head, then its frames. */
function sectionsOf(lines: readonly string[]): Section[] {
  const sections: Section[] = [];
  let open: Section | undefined;
  let head: string[] = [];
  let inErrors = false;
  for (const line of lines) {
    const frame = readJavascriptFrame(line);
    if (frame !== undefined) {
      if (open === undefined || head.some((text) => namesNewException(text))) {
        open = openSection(head, inErrors);
        sections.push(open);
      }
      head = [];
      open.frames.push(frame);
      continue;
    }
    const text = line.trim();
    const frameless = /\[((?:[A-Z]\w{0,60})?AggregateError)(?:: (.{0,4000}))?\] \{$/.exec(text);
    if (frameless !== null) {
      open = {
        type: frameless[1],
        message: frameless[2] ?? '',
        frames: [],
        indent: indentationOf(line),
        isCause: false,
        isGroupMember: false,
      };
      sections.push(open);
      continue;
    }
    if (text.startsWith('[errors]: [')) inErrors = true;
    if (text === '' || text.startsWith('... ') || text.startsWith('Node.js v') || text === '}' || text.startsWith('}')) continue;
    if (head.length < 64) head.push(line);
  }
  return sections;
}

function namesNewException(line: string): boolean {
  const text = line.trim();
  return text.startsWith('[cause]:') || text.startsWith('Caused by') || findExceptionHead(line) !== undefined;
}

function openSection(head: readonly string[], inErrors: boolean): Section {
  // The source line, its caret and what was logged before precede the exception's own lines.
  const caret = head.findLastIndex((line) => line.trim() !== '' && line.replaceAll('^', '').trim() === '' && line.includes('^'));
  const candidates = head.slice(caret + 1);
  let start = candidates.findLastIndex((line) => findExceptionHead(line) !== undefined);
  if (start < 0) start = Math.max(0, caret >= 0 ? 0 : candidates.length - 1);
  const first = candidates[start] ?? '';
  const text = first.trim();
  const isCause = text.startsWith('[cause]:') || text.startsWith('Caused by');
  const bare = stripMarks(text);
  const named = findExceptionHead(bare) ?? readExceptionHead(bare);
  const rest = candidates.slice(start + 1).map((line) => line.trim());
  return {
    type: named?.type,
    message: [named?.message ?? bare, ...rest].join('\n'),
    frames: [],
    indent: indentationOf(first),
    isCause,
    isGroupMember: inErrors && !isCause,
  };
}

function stripMarks(text: string): string {
  let bare = text;
  for (const mark of ['[cause]: ', 'Caused by: ', 'Uncaught ', 'Unhandled ', '(in promise) '])
    if (bare.startsWith(mark)) bare = bare.slice(mark.length);
  return bare;
}

/** Reads `    at f (file:1:2)`, `    at file:1:2`, `    at f`, and `f@file:1:2`. */
function readJavascriptFrame(line: string): Frame | undefined {
  const start = indentationOf(line);
  if (line.startsWith('at ', start)) return readV8Frame(line.slice(start + 3).trimEnd());
  return readMozillaFrame(line.slice(start).trimEnd());
}

function readV8Frame(text: string): Frame | undefined {
  // Behind a frame stand the properties' brace, or the comma of a list of errors.
  let body = text.endsWith(' {') ? text.slice(0, -2) : text.endsWith(',') ? text.slice(0, -1) : text;
  for (const prefix of ['async ', 'new ']) if (body.startsWith(prefix)) body = body.slice(prefix.length);
  const open = body.indexOf(' (');
  if (open > 0 && body.endsWith(')')) {
    const place = body.slice(open + 2, -1);
    const location = readLocation(evalSite(place));
    if (location.line === undefined && !isNamelessPlace(place)) return undefined;
    return javascriptFrame(functionName(body.slice(0, open)), location);
  }
  const location = readLocation(body);
  if (location.line !== undefined && !body.includes(' ')) return javascriptFrame(undefined, location);
  // `at foo` without a place: only an identifier will do, or prose would be a frame.
  return /^[\w$.<>]{1,200}$/.test(body) && location.line === undefined
    ? javascriptFrame(functionName(body), { file: undefined, line: undefined, column: undefined })
    : undefined;
}

/** `eval at g (/srv/a.js:7:7), <anonymous>:8:13`: what was evaluated has no file, the place of the eval call has. */
function evalSite(place: string): string {
  if (!place.startsWith('eval at ')) return place;
  const open = place.lastIndexOf('(');
  const close = place.indexOf(')', open);
  return open > 0 && close > open ? place.slice(open + 1, close) : place;
}

function isNamelessPlace(place: string): boolean {
  return (
    place === '<anonymous>' || place === 'native' || place === 'unknown location' || place.startsWith('index ') || place.startsWith('wasm')
  );
}

/** Firefox and Safari: `total@https://shop.example/app.js:5:47`. */
function readMozillaFrame(text: string): Frame | undefined {
  const at = text.indexOf('@');
  if (at < 0 || at > 256 || text.includes(' ')) return undefined;
  const location = readLocation(text.slice(at + 1));
  if (location.line === undefined || location.file === undefined || !location.file.includes('/')) return undefined;
  return javascriptFrame(functionName(text.slice(0, at)), location);
}

/** `Layer.handle [as handle_request]` → `Layer.handle`; anonymous wrappers have no name. */
function functionName(text: string): string | undefined {
  const alias = text.indexOf(' [as ');
  const name = (alias > 0 ? text.slice(0, alias) : text).trim().replace(/^(?:get|set) (?=\S)/, '');
  return name === '<anonymous>' || name === '(anonymous)' ? undefined : name;
}

function javascriptFrame(name: string | undefined, location: ReturnType<typeof readLocation>): Frame {
  return frameOf({ ...location, function: name, inApp: isApp(name, location.file) });
}

function isApp(name: string | undefined, file: string | undefined): boolean {
  if (file === undefined || file === 'native' || file.startsWith('index ') || (name === undefined && file === '<anonymous>')) return false;
  if (file === '<anonymous>') return name !== undefined && !name.includes('.');
  if (file.startsWith('node:') || file.startsWith('internal/') || file.startsWith('wasm')) return false;
  if (file.includes('/node_modules/') || file.startsWith('node_modules/') || file.includes('\\node_modules\\')) return false;
  if (file.includes('webpack/bootstrap') || file.includes('webpack/runtime')) return false;
  if (file.includes('-extension://')) return false;
  // Node before 16 names its own modules without a folder: `module.js`, `timers.js`, `events.js`.
  return !OLD_NODE_MODULES.has(file);
}

const OLD_NODE_MODULES = new Set(
  words(`
    assert buffer child_process cluster crypto dgram dns domain events fs http https module net path process querystring
    readline repl stream _stream_readable _stream_writable string_decoder timers tls tty url util vm zlib bootstrap_node node
    _http_client _http_server _tls_wrap
  `).map((name) => `${name}.js`),
);

function languageOf(sections: readonly Section[]): TraceLanguage {
  for (const section of sections) {
    for (const { file } of section.frames) {
      if (file === undefined) continue;
      if (file.startsWith('node:') || file.includes('/node_modules/') || OLD_NODE_MODULES.has(file)) return 'node';
      if (file.startsWith('http') || file.startsWith('webpack') || file.includes('-extension://') || file.startsWith('blob:'))
        return 'browser';
    }
  }
  const anonymous = sections.every((section) => section.frames.every(({ file }) => file === undefined || file === '<anonymous>'));
  return anonymous ? 'browser' : 'node';
}
