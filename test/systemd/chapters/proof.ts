// A service fails; a fix is proposed and proven in the sandbox, under the unit's own confinement. A backup is made and restored.
// Must never run the sandbox outside of the unit.
import { bothRun, operational, type Witness } from '../witness.ts';

/** What there was to propose for, whether anybody was to be told of it, and how far the work on it came. */
const explain = `hephaestusctl incidents list --all
hephaestusctl incidents list --all -o json | grep -E '"(title|service|detector|quiet|relatedTo|firstSeen)"'
hephaestusctl solutions list
hephaestusctl status
journalctl -u hephaestus-coordinator -o cat -n 500 --no-pager | grep -E '"msg":"(job|incident|solution|proposal)'`;

export async function prove(witness: Witness): Promise<void> {
  witness.check(
    'the service fails for a guest',
    `systemd-run --quiet --unit orders -E PORT=8099 -E LOG_FILE=/srv/log/orders.log --working-directory=/srv/srv/orders /usr/lib/hephaestus-coordinator/bin/node src/server.js
for i in $(seq 100); do python3 -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8099/health')" 2>/dev/null && break; sleep 0.2; done
python3 -c "
import urllib.request
order = b'{\\"items\\": [{\\"sku\\": \\"hammer\\", \\"quantity\\": 1}]}'
urllib.request.urlopen(urllib.request.Request('http://127.0.0.1:8099/quotes', order, {'content-type': 'application/json'}))" 2>&1 | grep 'Error 500'`,
  );
  // With those that are taken for consequences of what else this host went through in these minutes.
  const incidents = 'hephaestusctl incidents list --all -o json';
  await witness.until('an incident is there', incidents, /"service": "orders"/);
  await witness.until('a proposal is proven in the sandbox', 'hephaestusctl solutions list -o json', /REPRODUCED|reproduced/, 240, explain);
  witness.check(
    'a backup is made while it runs, for its owner only',
    'hephaestus-coordinator backup /root/backup.tar.gz && test "$(stat -c %a /root/backup.tar.gz)" = 600',
  );
  witness.check('it is not put over a coordinator that runs', '! hephaestus-coordinator restore --replace /root/backup.tar.gz');
  witness.check(
    'a lost state is restored from it',
    'systemctl stop hephaestus-coordinator && rm -rf /var/lib/hephaestus/* && hephaestus-coordinator restore /root/backup.tar.gz && systemctl start hephaestus-coordinator',
  );
  await witness.until('the node trusts the restored coordinator', bothRun, operational);
  witness.check('the incident is there again', incidents, /"service": "orders"/);
}
