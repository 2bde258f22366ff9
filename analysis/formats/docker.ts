// Reading a line of Docker's json-file log driver: {"log":…,"stream":…,"time":…}.
// Must never read the application's message; that is unwrapped and read again.
import { parseObject } from './json.ts';
import { timeOfField, type RecordPart } from './record-part.ts';

/** Undefined if `text` isn't a json-file line. The message keeps no trailing newline. */
export function readDocker(text: string): RecordPart | undefined {
  if (!text.startsWith('{"log":')) return undefined;
  const object: { log?: unknown; stream?: unknown; time?: unknown } | undefined = parseObject(text);
  if (object === undefined || typeof object.log !== 'string' || typeof object.time !== 'string') return undefined;
  const message = object.log.endsWith('\n') ? object.log.slice(0, -1) : object.log;
  const part: RecordPart = { format: 'docker', message, fields: typeof object.stream === 'string' ? { stream: object.stream } : {} };
  const time = timeOfField(object.time);
  if (time !== undefined) part.timeMs = time;
  return part;
}
