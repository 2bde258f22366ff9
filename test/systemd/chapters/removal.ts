// Away again: removing keeps what can't be had again, purging leaves nothing.
// Must never clean up for the packages.
import type { Witness } from '../witness.ts';

export function remove(witness: Witness): void {
  witness.check(
    'the agent is removed, its state stays',
    'dpkg -r hephaestus-agent && ! systemctl is-active hephaestus-agent && test -s /var/lib/hephaestus-agent/node.pem && test -s /etc/hephaestus/agent.yaml',
  );
  witness.check(
    'the coordinator is removed, its state stays',
    'dpkg -r hephaestus-coordinator && ! systemctl is-active hephaestus-coordinator && test -s /var/lib/hephaestus/master.key',
  );
  witness.check(
    'purging leaves nothing',
    'dpkg -P hephaestus-agent hephaestus-coordinator && ! ls -d /var/lib/hephaestus* /etc/hephaestus /usr/lib/hephaestus* /var/cache/hephaestus /usr/share/hephaestus /etc/systemd/system/*/hephaestus* 2>/dev/null',
  );
}
