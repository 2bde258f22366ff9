// The tarball on a host whose package manager knows nothing of it: its installer, both services, and away again.
// Must never use what the packages left.
import { bothRun, operational, type Witness } from '../witness.ts';

export async function installArchive(witness: Witness): Promise<void> {
  witness.check('its installer installs both', 'cd /root/archive && ./install.sh install coordinator && ./install.sh install agent');
  witness.check('dpkg knows nothing of it', '! dpkg -s hephaestus-agent 2>/dev/null | grep "ok installed"');
  await witness.until('the coordinator runs', 'hephaestusctl nodes list');
  witness.check(
    'the agent enrols with a token from a file and starts',
    `hephaestusctl tokens create --ttl 1h -o json | grep -o 'heph1[A-Za-z0-9._-]*' | head -1 > /root/token
hephaestus-agent enroll --coordinator 127.0.0.1:7443 --token-file /root/token && systemctl start hephaestus-agent`,
  );
  await witness.until('the node is operational', bothRun, operational);
  witness.check('installing again is an upgrade', 'cd /root/archive && ./install.sh install coordinator && ./install.sh install agent');
  await witness.until('both run on', bothRun, operational);
  witness.check(
    'a database of a newer version is refused',
    'cp /var/lib/hephaestus/schema-version /root/kept && echo 9999 > /var/lib/hephaestus/schema-version; cd /root/archive && ! ./install.sh install coordinator',
    /schema version 9999/,
  );
  witness.check('and goes on running', 'cp /root/kept /var/lib/hephaestus/schema-version; systemctl is-active hephaestus-coordinator');
  witness.check(
    'uninstalling keeps state and settings',
    `cd /root/archive && ./install.sh uninstall agent && ./install.sh uninstall coordinator &&
test -s /var/lib/hephaestus/master.key && test -s /etc/hephaestus/agent.yaml && ! systemctl is-active hephaestus-agent && ! ls -d /usr/lib/hephaestus* /usr/bin/hephaestus* 2>/dev/null`,
  );
}
