// The coordinator's receiving half as a process: takes batches, checks and counts them, acknowledges. No store behind it.
// Must never skip what a coordinator can't: checksums and lengths are verified.
import { ScriptedCoordinator } from '../test/support/scripted-coordinator.ts';
import { ShipmentLedger } from '../test/support/shipment-ledger.ts';
import { widenServerWindows } from '../base/http2-window.ts';

widenServerWindows({ streamBytes: 4 * 1024 * 1024, connectionBytes: 8 * 1024 * 1024 });
const ledger = new ShipmentLedger({ keepLines: false });
const coordinator = await ScriptedCoordinator.start({ ledger, behaviour: { heartbeatMs: 10_000, creditBytes: 8 * 1024 * 1024 } });
process.stdout.write(`${JSON.stringify({ address: coordinator.address, joinToken: coordinator.joinToken })}\n`);
let last = '';
setInterval(() => {
  const { bytes, records, batches, payloadBytes, breaches } = ledger;
  const settledBytes = ledger
    .positions()
    .reduce((sum, { position }) => sum + (position?.at?.$case === 'file' ? position.at.value.offset : 0), 0);
  const totals = `${JSON.stringify({ bytes, settledBytes, records, batches, payloadBytes, breaches: breaches.length })}\n`;
  if (totals === last) return;
  last = totals;
  process.stdout.write(totals);
}, 20);
process.once('SIGTERM', () => process.exit(0));
