// Reads the traces of Lua and LuaJIT.
// Must never guess at other languages' frames.
import type { Frame } from '../trace.ts';
import { frameOf, traceOf } from './trace-language.ts';
import type { TraceReader } from './trace-language.ts';

export const luaReader: TraceReader = {
  weigh: (lines) => {
    let weight = 0;
    for (const line of lines) {
      if (line.trim() === 'stack traceback:') weight += 5;
      else if (readLuaFrame(line) !== undefined) weight += 2;
    }
    return weight;
  },
  read(lines) {
    const start = lines.findIndex((line) => line.trim() === 'stack traceback:');
    if (start < 0) return undefined;
    const list: Frame[] = [];
    for (const line of lines.slice(start + 1)) {
      const frame = readLuaFrame(line);
      if (frame !== undefined) list.push(frame);
      else if (list.length > 0 && line.trim() !== '(...tail calls...)') break;
    }
    const head = (lines[start - 1] ?? '').replace(/^luajit: |^lua[\d.]{0,6}: /, '');
    const placed = /^\S{1,1000}:\d{1,9}: (.{0,4000})$/.exec(head);
    return traceOf('lua', { type: 'error', message: placed?.[1] ?? head, frames: list });
  },
};

/** `\t/srv/cart.lua:28: in function 'cart.total'`, `\t[C]: in function 'error'`, `\tmain.lua:3: in main chunk`. */
function readLuaFrame(line: string): Frame | undefined {
  const found = /^\s{1,40}(\[C\]|\S{1,1000}?):(?:(\d{1,9}):)? in (.{1,500})$/.exec(line.trimEnd());
  if (found?.[1] === undefined || found[3] === undefined) return undefined;
  const native = found[1] === '[C]';
  const quoted = /['<]([^'<>]{1,300})['>]/.exec(found[3])?.[1];
  const name = quoted ?? (found[3] === '?' ? undefined : found[3]);
  return frameOf({
    function: name,
    file: native ? undefined : found[1],
    line: found[2] === undefined ? undefined : Number(found[2]),
    inApp: !native && !found[1].includes('/share/lua/') && !found[1].includes('/luarocks/'),
  });
}
