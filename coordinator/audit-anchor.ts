// The note beside the database of where the audit log ends, sealed under the master key.
// Must never be trusted without its seal: whoever can write the database may be able to write here, too.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileAtomically } from '../base/atomic-file.ts';
import { HephaestusError, errnoOf } from '../base/errors.ts';
import type { AuditAnchor, AuditHead } from './access/audit-store.ts';

/** One line: `<sequence> <hash> <seal>`. */
export function createAuditAnchor(file: string, masterKey: Buffer): AuditAnchor {
  const key = Buffer.from(hkdfSync('sha256', masterKey, '', 'hephaestus audit anchor', 32));
  const seal = ({ sequence, hash }: AuditHead): Buffer => createHmac('sha256', key).update(`${sequence} ${hash}`).digest();
  return {
    async read() {
      let text: string;
      try {
        text = await readFile(file, 'utf8');
      } catch (cause) {
        if (errnoOf(cause) === 'ENOENT') return { kind: 'absent' };
        throw HephaestusError.from(cause);
      }
      const match = /^(\d{1,15}) ([0-9a-f]{64}) ([0-9a-f]{64})\n$/.exec(text);
      if (match === null) return { kind: 'damaged', reason: `${file} is not what was written there` };
      const head = { sequence: Number(match[1]), hash: match[2] ?? '' };
      if (!timingSafeEqual(Buffer.from(match[3] ?? '', 'hex'), seal(head))) {
        return { kind: 'damaged', reason: `${file} was not sealed with this master key` };
      }
      return { kind: 'held', head };
    },
    write: (head) => writeFileAtomically(file, `${head.sequence} ${head.hash} ${seal(head).toString('hex')}\n`, 0o600),
  };
}
