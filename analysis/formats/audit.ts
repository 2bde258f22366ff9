// Reading a record of the kernel's audit system: `type=SYSCALL msg=audit(1706695200.123:456): arch=… syscall=59 …`.
// Must never join the records of one event; their serial number among the fields does.
import { readPairs } from './logfmt.ts';
import { newFields, type RecordPart } from './record-part.ts';

/** Undefined if `text` isn't an audit record. A node's name may stand before the type. */
export function readAudit(text: string): RecordPart | undefined {
  if (!text.startsWith('type=') && !text.startsWith('node=')) return undefined;
  const found = head.exec(text);
  if (found === null) return undefined;
  const [whole, host, type = '', seconds, fraction, serial] = found;
  const fields = newFields();
  readPairs(text, whole.length, fields);
  fields['type'] = type;
  fields['serial'] = Number(serial);
  const part: RecordPart = {
    format: 'plain',
    timeMs: Number(seconds) * 1000 + Number(fraction),
    process: 'audit',
    component: type,
    message: `${type} ${text.slice(whole.length).trim()}`,
    fields,
  };
  if (host !== undefined) part.host = host;
  return part;
}

const head = /^(?:node=(\S{1,255}) )?type=([A-Z\d_]{1,64}|UNKNOWN\[\d{1,9}\]) msg=audit\((\d{1,12})\.(\d{3}):(\d{1,12})\): ?/;
