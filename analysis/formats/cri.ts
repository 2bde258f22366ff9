// Reading a line of the Kubernetes CRI log format: `2016-10-06T00:17:09.669794202Z stdout F message`.
// Must never join partial lines (`P`); the agent's framing does.
import { newTimestampScan } from '../headers/timestamp-parts.ts';
import { scanTimestamp } from '../headers/timestamp.ts';
import { unwrapLines } from '../traces/line-wrapper.ts';
import type { RecordPart } from './record-part.ts';

/** Undefined if `text` isn't a CRI line. */
export function readCri(text: string): RecordPart | undefined {
  if (text.charCodeAt(10) !== 84) return undefined;
  const blank = text.indexOf(' ');
  if (blank < 20 || blank > 35) return undefined;
  const stream = text.startsWith('stdout ', blank + 1) ? 'stdout' : text.startsWith('stderr ', blank + 1) ? 'stderr' : undefined;
  if (stream === undefined) return undefined;
  const flag = text.charCodeAt(blank + 8);
  // Tags may follow the flag after a colon, by the format's definition.
  const end = text.indexOf(' ', blank + 8);
  if ((flag !== 70 && flag !== 80) || (end >= 0 && end - blank > 40)) return undefined;
  const scan = newTimestampScan();
  if (scanTimestamp(text, 0, scan) !== blank) return undefined;
  return { format: 'cri', timeMs: scan.ms, message: end < 0 ? '' : messageFrom(text, end + 1), fields: { stream } };
}

/** The message from `start` on. The lines of a trace that were joined to the first have headers of their own. */
function messageFrom(text: string, start: number): string {
  const lineEnd = text.indexOf('\n', start);
  return lineEnd < 0 || lineEnd === text.length - 1
    ? text.slice(start)
    : `${text.slice(start, lineEnd)}\n${unwrapLines(text.slice(lineEnd + 1))}`;
}
