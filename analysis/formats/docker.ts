// Reading a line of Docker's json-file log driver: {"log":…,"stream":…,"time":…}.
// Must never read the application's message; that is unwrapped and read again.
import { unwrapLines } from '../traces/line-wrapper.ts';
import { parseObject } from './json.ts';
import { timeOfField, type RecordPart } from './record-part.ts';

/** Undefined if `text` isn't a json-file line, or several that were joined. The message keeps no trailing newline. */
export function readDocker(text: string): RecordPart | undefined {
  if (!text.startsWith('{"log":')) return undefined;
  const lineEnd = text.trimEnd().indexOf('\n');
  const object: { log?: unknown; stream?: unknown; time?: unknown } | undefined = parseObject(lineEnd < 0 ? text : text.slice(0, lineEnd));
  if (object === undefined || typeof object.log !== 'string' || typeof object.time !== 'string') return undefined;
  const first = object.log.endsWith('\n') ? object.log.slice(0, -1) : object.log;
  const message = lineEnd < 0 ? first : `${first}\n${unwrapLines(text.slice(lineEnd + 1))}`;
  const part: RecordPart = { format: 'docker', message, fields: typeof object.stream === 'string' ? { stream: object.stream } : {} };
  const time = timeOfField(object.time);
  if (time !== undefined) part.timeMs = time;
  return part;
}
