// How Elixir writes an exception with its stack.
// Must never guess at other languages' framesPhase.
import type { Frame } from '../trace.ts';
import { isExceptionName } from './exception-head.ts';
import { indentationOf, isBlank, isIndented, openPhase, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';
import { frameOf, traceOf, words } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

const framesPhase = surePhase('frames');
/** The stack of the client that waited stands behind a blank line. */
const gapPhase = openPhase('gap');

/** Joins `** (KeyError) …` with its framesPhase, and what a crashed GenServer or Task adds. */
export const elixirJoining: JoinRules = {
  announce: (line) => (line.startsWith('** (') || line.endsWith(' terminating') || isEndedRequest(line) ? framesPhase : undefined),
  attach: (line) => (isIndented(line) && readElixirFrame(line) !== undefined ? framesPhase : undefined),
  follow(phase, line) {
    if (isBlank(line)) return gapPhase;
    if (phase === gapPhase && readElixirFrame(line) === undefined) return undefined;
    if (isIndented(line) || line.startsWith('** ')) return framesPhase;
    return EXTRAS.some((extra) => line.startsWith(extra)) ? framesPhase : undefined;
  },
};

/** `#PID<0.512.0> running ShopWeb.Endpoint (…) terminated` */
function isEndedRequest(line: string): boolean {
  return line.endsWith(' terminated') && line.includes('#PID<');
}

const EXTRAS = [
  'Server: ',
  'Request: ',
  'Last message',
  'State: ',
  'Function: ',
  'Args: ',
  'Client ',
  'Initial Call: ',
  'Ancestors: ',
  'Start Call: ',
  '(stop) ',
];

export const elixirReader: TraceReader = {
  weigh: (lines) => {
    let weight = 0;
    for (const line of lines) {
      if (readElixirFrame(line) !== undefined) weight += 2;
      else if (line.includes('** (')) weight += 3;
    }
    return weight;
  },
  read(lines) {
    const list: Frame[] = [];
    let type: string | undefined;
    const message: string[] = [];
    for (const line of lines) {
      const frame = readElixirFrame(line);
      if (frame !== undefined) {
        list.push(frame);
        continue;
      }
      if (list.length > 0) {
        if (line.trim() === '' || !isIndented(line)) break;
        continue;
      }
      const open = nameStart(line);
      const close = line.indexOf(')', open);
      if (open >= 0 && close > open) {
        const name = line.slice(open, close);
        // `(exit)`, `(stop)` and `(EXIT from …)` wrap the exception that follows.
        if (type === undefined || isExceptionName(name)) {
          type = name;
          message.length = 0;
        }
        message.push(line.slice(close + 1));
      } else if (type !== undefined && message.length < 64 && line.trim() !== '') message.push(line);
    }
    if (type === undefined && list.length === 0) return undefined;
    return traceOf('elixir', { type, message: message.map((line) => line.trim()).join('\n'), frames: list });
  },
};

/** Where the name begins in `** (KeyError) …`, also where the stars were taken for a column of the header; -1 where there is none. */
function nameStart(line: string): number {
  const stars = line.indexOf('** (');
  if (stars >= 0) return stars + 4;
  return line.startsWith('(') && isExceptionName(line.slice(1, line.indexOf(')'))) ? 1 : -1;
}

/** `    (shop 0.1.0) lib/shop/cart.ex:12: Shop.Cart.total/1`, `    lib/shop.ex:3: Shop.run/0`, `    (stdlib 3.17) gen_server.erl:689: …`. */
function readElixirFrame(line: string): Frame | undefined {
  const start = indentationOf(line);
  if (start < 2) return undefined;
  const found = /^(?:\(([\w-]{1,100})(?: [^)]{1,60})?\) )?(\S{1,500}\.(?:exs?|erl|eex|heex|leex)):(\d{1,9}): (\S.{0,2000})$/.exec(
    line.slice(start),
  );
  if (found?.[2] === undefined) return builtInFrame(line.slice(start));
  const module = found[1];
  return frameOf({
    function: functionOf(found[4] ?? ''),
    file: found[2],
    line: Number(found[3]),
    module,
    inApp: isApp(module, found[2]),
  });
}

/** `    :erlang.+(1, nil)`, `    (elixir 1.14.0) Enum.foo/2`: no place. */
function builtInFrame(text: string): Frame | undefined {
  const found =
    /^(?:\(([\w-]{1,100})(?: [^)]{1,60})?\) )?(:\w{1,60}\.\S{1,200}|[A-Z][\w.]{1,200}\.\S{1,200}\/\d{1,3})(?:\(.{0,2000}\))?$/.exec(text);
  return found?.[2] === undefined ? undefined : frameOf({ function: functionOf(found[2]), module: found[1], inApp: false });
}

/** `anonymous fn/2 in Shop.Cart.total/1` → `Shop.Cart.total/1`; arguments become nothing. */
function functionOf(text: string): string {
  const inside = text.lastIndexOf(' in ');
  const name = inside >= 0 ? text.slice(inside + 4) : text;
  const open = name.indexOf('(');
  return open > 0 ? name.slice(0, open) : name;
}

const LIBRARIES = new Set(
  words(`
    elixir eex ex_unit iex logger mix stdlib kernel erts ssl inets crypto sasl phoenix phoenix_live_view phoenix_html
    phoenix_pubsub plug plug_cowboy cowboy ranch bandit thousand_island ecto ecto_sql postgrex myxql db_connection telemetry
    jason poison tesla finch mint hackney gen_stage broadway oban absinthe swoosh gettext decimal
  `),
);

function isApp(module: string | undefined, file: string): boolean {
  if (module !== undefined) return !LIBRARIES.has(module);
  return !file.startsWith('deps/') && !file.startsWith('/deps/') && !file.endsWith('.erl');
}
