// How Erlang/OTP writes a crash: error reports, crash reports and stack terms.
// Must never guess at other languages' frames.
import type { Frame } from '../trace.ts';
import { indentationOf, isBlank, isIndented, openPhase, surePhase } from './join-rules.ts';
import type { JoinRules } from './join-rules.ts';
import { frameOf, MAX_FRAMES, traceOf, words } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

const reportPhase = surePhase('report');
const gapPhase = openPhase('gap');

/** Joins `=CRASH REPORT====` and logger's reports with the indented lines and terms below. */
export const erlangJoining: JoinRules = {
  announce: (line) => (isReportHead(line) || line.startsWith('** exception ') ? reportPhase : undefined),
  attach: (line) => (isIndented(line) && line.includes('{file,"') ? reportPhase : undefined),
  follow(_phase, line) {
    if (isBlank(line)) return gapPhase;
    if (isReportHead(line)) return undefined;
    return isIndented(line) || line.startsWith('** ') ? reportPhase : undefined;
  },
};

function isReportHead(line: string): boolean {
  return line.startsWith('=') && line.includes(' REPORT====');
}

export const erlangReader: TraceReader = {
  weigh: (lines) => {
    let weight = 0;
    for (const line of lines) {
      if (line.includes('{file,"')) weight += 2;
      else if (isReportHead(line) || line.startsWith('** exception ')) weight += 4;
      else if (/^\s+(?:in (?:function|call from)|exception (?:error|exit|throw):)\s/.test(line)) weight += 3;
    }
    return weight;
  },
  read(lines) {
    const list: Frame[] = [];
    let type: string | undefined;
    let message = '';
    for (const line of lines) {
      const shell = /(?:\*\* exception |^\s*(?:escript: )?exception )(error|exit|throw): (.{0,4000})$/.exec(line);
      if (shell !== null && type === undefined) {
        type = reasonOf(shell[2] ?? '') ?? shell[1];
        message = shell[2] ?? '';
      }
      readFunctionLine(line, list);
      if (list.length >= MAX_FRAMES) break;
    }
    const text = lines.map((line) => line.trim()).join('');
    readTerms(text, list);
    if (type === undefined) {
      const reason =
        /\{\{?(badmatch|badkey|case_clause|badmap|badarith|badarg|undef|function_clause|if_clause|try_clause|timeout|noproc|nocatch|bad_return_value)\b/.exec(
          text,
        );
      type = reason?.[1] ?? /\berror:([a-z]\w{0,60})/.exec(text)?.[1];
      message = lines.find((line) => line.trim() !== '' && !isReportHead(line))?.trim() ?? '';
    }
    return list.length === 0 && type === undefined ? undefined : traceOf('erlang', { type: type ?? 'error', message, frames: list });
  },
};

function reasonOf(text: string): string | undefined {
  if (text.startsWith('no match of right hand side')) return 'badmatch';
  if (text.startsWith('bad argument')) return text.includes('arithmetic') ? 'badarith' : 'badarg';
  if (text.startsWith('bad key')) return 'badkey';
  if (text.startsWith('bad map')) return 'badmap';
  if (text.startsWith('undefined function')) return 'undef';
  if (text.startsWith('no function clause')) return 'function_clause';
  if (text.startsWith('no case clause')) return 'case_clause';
  return /^\{?([a-z]\w{0,60})/.exec(text)?.[1];
}

/** `     in function  cart:total/1 (src/cart.erl, line 12)` and `     in call from …`. */
function readFunctionLine(line: string, list: Frame[]): void {
  const start = indentationOf(line);
  const found = /^(?:in function|in call from) +([\w:'@<>./-]{1,300}\/\d{1,3})(?: \(([^,()]{1,500}), line (\d{1,9})\))?/.exec(
    line.slice(start),
  );
  if (found?.[1] === undefined) return;
  list.push(erlangFrame(found[1], found[2], found[3]));
}

/** Stack terms: `{cart,total,1,[{file,"src/cart.erl"},{line,12}]}`; arguments may stand where the arity does. */
function readTerms(text: string, list: Frame[]): void {
  let from = 0;
  while (list.length < MAX_FRAMES) {
    const file = text.indexOf('[{file,', from);
    if (file < 0) return;
    from = file + 7;
    const place = /^\[\{file, ?"([^"]{1,500})"\}, ?\{line, ?(\d{1,9})\}/.exec(text.slice(file, file + 600));
    // The tuple that holds the place opens at most some hundred characters before; arguments in it may be longer than that.
    const before = text.slice(Math.max(0, file - 400), file);
    const call = /\{(\w{1,100}|'[^']{1,100}'), ?('[^']{1,200}'|[\w-]{1,100}), ?(\d{1,3}|\[.{0,300}\]), ?$/.exec(
      before.slice(Math.max(0, before.lastIndexOf(']},{') + 1)),
    );
    if (place === null || call === null) continue;
    const arity = /^\d/.test(call[3] ?? '') ? `/${call[3]}` : '';
    list.push(erlangFrame(`${call[1]}:${call[2]}${arity}`, place[1], place[2]));
  }
}

function erlangFrame(name: string, file: string | undefined, line: string | undefined): Frame {
  const module = name.slice(0, name.indexOf(':'));
  return frameOf({ function: name, file, line: line === undefined ? undefined : Number(line), module, inApp: !OTP.has(module) });
}

const OTP = new Set(
  words(`
    erlang lists maps dict ets file gen gen_server gen_statem gen_event gen_fsm proc_lib supervisor application
    application_controller io io_lib binary string re timer erl_eval shell code init logger ssl inet gen_tcp prim_inet mnesia
    crypto httpc queue sets gb_trees ordsets array unicode erpc rpc global user_drv group error_handler
  `),
);
