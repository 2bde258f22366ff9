// Reads frames out of text that no trace reader takes for a trace: pieces of stacks in prose, cut, quoted or in a form of their own.
// Must never be preferred to a trace that was read whole.
import type { LocateQuery } from './repository.ts';

type QueryFrame = LocateQuery['frames'][number];

const mostFrames = 80;
const longestText = 200_000;

/** A path with an extension and a line number behind it: `a/b.go:12`, `b.py", line 12`, `b.js(12,3)`, `b.php line 12`. */
const place = /([\w@./\\$+~<>-]{1,250}\.[A-Za-z][A-Za-z0-9]{0,5})(?:"?,? line |:|\()(\d{1,7})/g;

/** Innermost first: Python tells it last, everybody else first. */
export function readLooseFrames(text: string): readonly QueryFrame[] {
  const frames: QueryFrame[] = [];
  let isPython = false;
  let before = '';
  let pending: { file: string; function: string } | undefined;
  for (const line of text.slice(0, longestText).split('\n')) {
    // IPython: `~/shop/cart.py in total(self)` or `File ~/shop/cart.py:12, in total(self)`, then the source with an arrow at the line.
    const cell = /^\s*([\w@.~/\\+-]{1,250}\.pyx?) in ([\w.<>]{1,100})\(/.exec(line.slice(0, 500));
    if (cell !== null) pending = { file: cell[1] ?? '', function: cell[2] ?? '' };
    const arrow = pending === undefined ? null : /^\s*-{1,6}> ?(\d{1,7})\b/.exec(line);
    if (pending !== undefined && arrow !== null) {
      frames.push({
        file: pending.file,
        line: Number(arrow[1]),
        function: pending.function,
        module: undefined,
        inApp: true,
        source: undefined,
      });
      pending = undefined;
      isPython = true;
    }
    for (const match of line.matchAll(place)) {
      const file = match[1] ?? '';
      if (match[0].includes(', line ')) isPython = true;
      frames.push({
        file: file.replace(/^[<(]/, ''),
        line: Number(match[2]),
        function: functionNear(line, match.index, match.index + match[0].length, before),
        module: undefined,
        inApp: true,
        source: undefined,
      });
    }
    if (line.trim() !== '') before = line;
    if (frames.length >= mostFrames) break;
  }
  return isPython ? frames.reverse() : frames;
}

/** `in NAME` behind it (Python), `at NAME (` before it (JavaScript, Java), or the line above (Go). */
function functionNear(line: string, start: number, end: number, before: string): string | undefined {
  const behind = /^[^\w]{0,4}in (?:function )?`?'?([\w.$<>]{1,100})/.exec(line.slice(end));
  if (behind?.[1] !== undefined) return behind[1];
  const ahead = /(?:^|\s)(?:at )?([\w.$<>[\]* ]{1,100}?) ?\($/.exec(line.slice(Math.max(0, start - 120), start));
  if (ahead?.[1] !== undefined) return ahead[1].trim();
  if (line.slice(0, start).trim() !== '') return undefined;
  const above = /^\s*((?:[\w.$/-]+\.)?(?:\(\*?[\w[\].]+\)\.)?[\w.$-]+)\(/.exec(before.slice(0, 300));
  return above?.[1];
}
