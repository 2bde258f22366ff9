// `npm run test:systemd`: both packages in a booted Debian without Node, from installation to purge.
// Must never pass in silence where it can't run: it says SKIPPED and why.
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeServiceRepository } from '../../examples/demo/service-repository.ts';
import { Container, ensureRoot, whyNot } from './container.ts';

const { values } = parseArgs({
  options: {
    packages: { type: 'string' },
    cache: { type: 'string', default: join(homedir(), '.cache', 'hephaestus-systemd') },
    'cached-only': { type: 'boolean', default: false },
  },
});
const project = join(import.meta.dirname, '..', '..');
const reason = whyNot();
if (reason !== undefined) {
  console.log(`SKIPPED: ${reason}`);
  process.exit(0);
}
if (values['cached-only'] && !readdirSync(dirname(values.cache)).includes(values.cache.split('/').at(-1) ?? '')) {
  console.log(`SKIPPED: no root in ${values.cache}; npm run test:systemd makes one`);
  process.exit(0);
}

const scratch = mkdtempSync(join(tmpdir(), 'hephaestus-packages-'));
const container = new Container(ensureRoot(values.cache));
let failed = 0;

/** A statement about the installed system. `script` must exit with 0; with a pattern its output must match. */
function check(statement: string, script: string, pattern = /^/): string {
  const { code, output } = container.run(script);
  if (code === 0 && pattern.test(output)) console.log(`✓ ${statement}`);
  else {
    failed += 1;
    console.log(`✗ ${statement}\n  $ ${script}\n  exit ${code}\n${output.replaceAll(/^/gm, '  | ').slice(-4000)}`);
  }
  return output;
}

async function until(statement: string, script: string, pattern = /^/, seconds = 90): Promise<string> {
  const begun = performance.now();
  for (;;) {
    const { code, output } = container.run(script);
    const seen = code === 0 && pattern.test(output);
    if (seen || performance.now() - begun > seconds * 1000) {
      if (!seen) {
        failed += 1;
        console.log(`✗ ${statement}, not within ${seconds} s\n  $ ${script}\n${output.replaceAll(/^/gm, '  | ').slice(-4000)}`);
      } else console.log(`✓ ${statement} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
      return output;
    }
    await delay(300);
  }
}

const pidOf = (unit: string): string => container.run(`systemctl show -p MainPID --value ${unit}`).output.trim();
/** How many different numbered lines are kept. */
const countOf = (word: string): string =>
  `hephaestusctl logs list --contains ${word} -o json --limit 0 | grep -o '${word}-[0-9][0-9]*' | sort -u | wc -l`;

try {
  const packages = values.packages ?? scratch;
  if (values.packages === undefined)
    execFileSync(
      process.execPath,
      [join(project, 'packaging', 'build.ts'), '--compression', '0', '--format', 'deb', '--architecture', 'amd64', '--out', packages],
      { stdio: 'inherit' },
    );
  for (const name of readdirSync(packages).filter((file) => file.endsWith('_amd64.deb')))
    copyFileSync(join(packages, name), join(container.root, 'root', name));
  const repository = await makeServiceRepository(join(project, 'examples', 'orders', 'service'), join(container.root, 'srv'), Date.now());
  // Debootstrap leaves it to an installer.
  writeFileSync(join(container.root, 'etc', 'hosts'), '127.0.0.1 localhost\n::1 localhost\n');
  await container.boot();
  console.log(`booted ${container.root}; the service's head is ${repository.head.slice(0, 10)}`);

  check('the host has no Node', '! command -v node');
  check('both packages install', 'dpkg -i /root/hephaestus-coordinator_*.deb /root/hephaestus-agent_*.deb');
  for (const name of ['hephaestus-agent', 'hephaestus-coordinator']) {
    check(
      `${name}.service is clean`,
      `test -z "$(systemd-analyze verify --man=no /lib/systemd/system/${name}.service 2>&1 | tee /dev/stderr)"`,
    );
    check(`${name} is enabled`, `systemctl is-enabled ${name}`);
    console.log(container.run(`systemd-analyze security --no-pager ${name}.service | tail -1`).output.trim());
  }
  await until(
    'the coordinator is ready',
    'systemctl show -p ActiveState,StatusText hephaestus-coordinator',
    /ActiveState=active[^]*listening|listening[^]*ActiveState=active/,
  );
  check('the agent waits for its settings', 'systemctl show -p ActiveState --value hephaestus-agent', /inactive/);
  check('hephaestusctl answers', 'hephaestusctl nodes list');

  container.run('chown -R hephaestus: /srv/remote');
  check(
    'a repository is added',
    `cat > /etc/hephaestus/coordinator.yaml.d-orders <<'END'
repositories:
  - name: orders
    url: /srv/remote/orders.git
    provider: git
    services: [orders]
    mode: suggest
    gate: reproduced
    commands: { build: [node, --check, src/server.js], test: [node, --test], reproduce: [node, tools/replay.js] }
END
mkdir -p /etc/hephaestus/coordinator.yaml.d && mv /etc/hephaestus/coordinator.yaml.d-orders /etc/hephaestus/coordinator.yaml.d/orders.yaml
hephaestus-coordinator check && systemctl restart hephaestus-coordinator`,
  );
  check('the sandbox works under the unit', 'hephaestusctl status -o json', /bubblewrap works/);

  check(
    'the agent enrols as root with a token from standard input',
    `mkdir -p /srv/log && mkdir -p /etc/hephaestus/agent.yaml.d && cat > /etc/hephaestus/agent.yaml.d/orders.yaml <<'END'
sources:
  - { id: orders, service: orders, file: { include: [/srv/log/*.log], start: beginning } }
END
hephaestusctl tokens create --ttl 1h -o json | grep -o 'heph1[A-Za-z0-9._-]*' | head -1 | hephaestus-agent enroll --coordinator 127.0.0.1:7443 --token-file -`,
  );
  check('it starts', 'systemctl start hephaestus-agent');
  check('its state is its own', 'find /var/lib/hephaestus-agent ! -user hephaestus-agent | grep . && exit 1; exit 0');
  await until('the node is operational', 'hephaestusctl nodes list', /operational|processing/);
  check(
    'check names configuration, sources, connection, certificate and clock',
    'hephaestus-agent check',
    /connection[^]*certificate[^]*clock/,
  );
  check(
    'lines are written to the journal and to a file only root may read',
    'for i in $(seq 100); do logger -t tool journal-$i; echo "plain-$i" >> /srv/log/closed.log; done; chmod 600 /srv/log/closed.log',
  );
  await until('all lines of the file arrive', countOf('plain'), /^100$/m);
  await until('all lines of the journal arrive', countOf('journal'), /^100$/m);

  const before = pidOf('hephaestus-agent');
  check(
    'the agent is killed while lines are written',
    'for i in $(seq 101 200); do echo "plain-$i" >> /srv/log/closed.log; [ $i = 150 ] && systemctl kill -s KILL --kill-who=main hephaestus-agent; done; exit 0',
  );
  await until(
    'systemd starts it again',
    `systemctl is-active hephaestus-agent && [ "$(systemctl show -p MainPID --value hephaestus-agent)" != ${before} ]`,
  );
  await until('no line is lost', countOf('plain'), /^200$/m);
  check(
    'no line is there twice',
    `test "$(hephaestusctl logs list --contains plain- -o json --limit 0 | grep -o 'plain-[0-9]*' | sort | uniq -c | awk '{print $1}' | sort -u | wc -l)" = 1`,
  );
  check('a reload is reported and done', 'systemctl reload hephaestus-agent && systemctl is-active hephaestus-agent');
  await until('the reload shows in the log', 'journalctl -u hephaestus-agent -o cat', /settings read again/);
  container.run('systemctl kill -s KILL --kill-who=main hephaestus-coordinator');
  await until(
    'a killed coordinator comes back',
    'systemctl is-active hephaestus-coordinator && hephaestusctl nodes list',
    /operational|processing/,
  );

  check(
    'the service fails for a guest',
    `systemd-run --quiet --unit orders -E PORT=8099 -E LOG_FILE=/srv/log/orders.log --working-directory=/srv/srv/orders /usr/lib/hephaestus-coordinator/bin/node src/server.js
for i in $(seq 100); do python3 -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8099/health')" 2>/dev/null && break; sleep 0.2; done
python3 -c "
import urllib.request
order = b'{\\"items\\": [{\\"sku\\": \\"hammer\\", \\"quantity\\": 1}]}'
urllib.request.urlopen(urllib.request.Request('http://127.0.0.1:8099/quotes', order, {'content-type': 'application/json'}))" 2>&1 | grep 'Error 500'`,
  );
  await until('an incident is there', 'hephaestusctl incidents list -o json', /orders/);
  await until('a proposal is proven in the sandbox', 'hephaestusctl solutions list -o json', /REPRODUCED|reproduced/, 180);
  check(
    'a backup is made while it runs',
    'hephaestus-coordinator backup /root/backup.tar.gz && test "$(stat -c %a /root/backup.tar.gz)" = 600',
  );
  check(
    'upgrading restarts both and keeps the state',
    'dpkg -i /root/hephaestus-coordinator_*.deb /root/hephaestus-agent_*.deb && systemctl is-active hephaestus-agent hephaestus-coordinator',
  );
  check(
    'the agent is removed, its state stays',
    'dpkg -r hephaestus-agent && ! systemctl is-active hephaestus-agent && test -s /var/lib/hephaestus-agent/node.pem',
  );
  check('the coordinator is removed, its state stays', 'dpkg -r hephaestus-coordinator && test -s /var/lib/hephaestus/master.key');
  check(
    'purging leaves nothing',
    'dpkg -P hephaestus-agent hephaestus-coordinator && ! ls -d /var/lib/hephaestus* /etc/hephaestus /usr/lib/hephaestus* /var/cache/hephaestus 2>/dev/null',
  );
} finally {
  if (failed > 0)
    console.log(container.run('journalctl -u hephaestus-agent -u hephaestus-coordinator -o cat -n 40 --no-pager').output.slice(-6000));
  await container.end();
  rmSync(scratch, { recursive: true, force: true });
}
console.log(failed === 0 ? 'all passed' : `${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
