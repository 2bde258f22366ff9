// From two files to a node that ships: installing, the units, enrolling, the first lines.
// Must never need anything on the host that the packages don't demand.
import { countOf, exactly, operational, type Witness } from '../witness.ts';

export async function install(witness: Witness): Promise<void> {
  const { container } = witness;
  witness.check('the host has no Node', '! command -v node');
  witness.check('both packages install', 'dpkg -i /root/first/*.deb');
  for (const name of ['hephaestus-agent', 'hephaestus-coordinator']) {
    // It exits with 0 whatever it finds, and says it on standard error.
    const verify = `systemd-analyze verify --man=no /lib/systemd/system/${name}.service`;
    witness.check(`${name}.service is clean`, `test -z "$(${verify} 2>&1 | tee /dev/stderr)"`);
    witness.check(`${name} is enabled`, `systemctl is-enabled ${name}`);
    witness.say(container.run(`systemd-analyze security --no-pager ${name}.service | tail -1`).output.trim());
  }
  const show = 'systemctl show -p ActiveState,StatusText hephaestus-coordinator';
  await witness.until('the coordinator is ready and says so', show, /ActiveState=active[^]*listening|listening[^]*ActiveState=active/);
  witness.check('the agent waits for its settings', 'systemctl show -p ActiveState --value hephaestus-agent', /inactive/);
  witness.check('hephaestusctl answers', 'hephaestusctl nodes list');
  witness.check('manual pages are there', 'gzip -t /usr/share/man/man8/hephaestus-agent.8.gz /usr/share/man/man1/hephaestusctl.1.gz');
  witness.check('its shell completion is read by bash', `bash -c 'for f in /usr/share/bash-completion/completions/heph*; do . $f; done'`);

  container.run('chown -R hephaestus: /srv/remote');
  witness.check(
    'a repository in a fragment is taken over by a reload',
    `mkdir -p /etc/hephaestus/coordinator.yaml.d && cat > /etc/hephaestus/coordinator.yaml.d/orders.yaml <<'END'
repositories:
  - name: orders
    url: /srv/remote/orders.git
    provider: git
    services: [orders]
    mode: suggest
    gate: reproduced
    commands: { build: [node, --check, src/server.js], test: [node, --test], reproduce: [node, tools/replay.js] }
END
hephaestus-coordinator check && systemctl reload hephaestus-coordinator`,
  );
  await witness.until('the repository is there', 'hephaestusctl repositories list', /orders/);
  witness.check('the sandbox works under the unit', 'hephaestusctl status -o json', /bubblewrap works/);

  witness.check(
    'the agent enrols as root with a token from standard input',
    `mkdir -p /srv/log /etc/hephaestus/agent.yaml.d && cat > /etc/hephaestus/agent.yaml.d/orders.yaml <<'END'
sources:
  - { id: orders, service: orders, file: { include: [/srv/log/*.log], start: beginning } }
END
hephaestusctl tokens create --ttl 1h -o json | grep -o 'heph1[A-Za-z0-9._-]*' | head -1 | hephaestus-agent enroll --coordinator 127.0.0.1:7443 --token-file -`,
  );
  witness.check('it starts', 'systemctl start hephaestus-agent');
  witness.check('its state is its own', 'find /var/lib/hephaestus-agent ! -user hephaestus-agent | grep . && exit 1; exit 0');
  await witness.until('the node is operational', 'hephaestusctl nodes list', operational);
  const told = 'systemctl show -p StatusText --value hephaestus-agent';
  await witness.until('systemd is told what the agent does', told, /ships to 127\.0\.0\.1:7443; sources: 3/);
  for (const name of ['hephaestus-coordinator', 'hephaestus-agent']) witness.say(startOf(witness, name));
  const rows = /configuration[^]*source orders[^]*connection[^]*certificate[^]*clock/;
  witness.check('check names configuration, sources, connection, certificate and clock', 'hephaestus-agent check', rows);
  witness.check(
    'lines are written to the journal and to a file only root may read',
    'for i in $(seq 100); do logger -t tool journal-$i; echo "plain-$i" >> /srv/log/closed.log; done; chmod 600 /srv/log/closed.log',
  );
  await witness.until('all lines of the file arrive', countOf('plain'), exactly(100));
  witness.check(
    'check fails for a user who may not read a file that a source names',
    'setpriv --reuid=nobody --clear-groups hephaestus-agent check; test $? = 1',
    /failed +source orders: \/srv\/log\/closed\.log: may not be read/,
  );
  witness.check('rsyslog writes the journal’s lines to files, too', 'grep -q journal-100 /var/log/syslog /var/log/user.log');
  await witness.until('all lines of the journal arrive', countOf('journal'), /, 100 different$/m);
  const sources = `hephaestusctl logs list --contains journal- -o json --limit 0 | grep -o '"source": "[^"]*"' | sort | uniq -c`;
  witness.check('and from no file besides', sources, /^ *\d+ "source": "journal"\n$/);
}

/** From the process's start to READY, and what the unit's processes hold now. */
function startOf({ container }: Witness, unit: string): string {
  const wanted = 'ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic,MemoryCurrent,MainPID';
  const shown = container.run(
    `systemctl show -p ${wanted} ${unit}; grep VmRSS /proc/$(systemctl show -p MainPID --value ${unit})/status`,
  ).output;
  const number = (name: string): number => Number(new RegExp(`${name}\\D+(\\d+)`).exec(shown)?.[1]);
  const readyMs = (number('ActiveEnterTimestampMonotonic') - number('ExecMainStartTimestampMonotonic')) / 1000;
  return `→ ${unit} was ready ${Math.round(readyMs)} ms after its process began; it holds ${Math.round(number('VmRSS') / 1024)} MiB`;
}
