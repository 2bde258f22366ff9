// What happens to a host: kills, reloads, wrong settings, a reboot, full disks. No line is lost, none is there twice.
// Must never repair by hand what the services should mend themselves.
import { bothRun, countOf, exactly, operational, pidOf, type Witness } from '../witness.ts';

export async function survive(witness: Witness): Promise<void> {
  await killBoth(witness);
  await reloadAndRefuse(witness);
  await reboot(witness);
  await fillDisks(witness);
}

async function killBoth(witness: Witness): Promise<void> {
  const { container } = witness;
  const before = container.run(pidOf('hephaestus-agent')).output.trim();
  const kill = 'systemctl kill -s KILL --kill-who=main hephaestus-agent';
  witness.check(
    'the agent is killed while lines are written',
    `for i in $(seq 101 200); do echo "plain-$i" >> /srv/log/closed.log; [ $i = 150 ] && ${kill}; done; exit 0`,
  );
  const again = `systemctl is-active hephaestus-agent && [ "$(${pidOf('hephaestus-agent')})" != ${before} ]`;
  await witness.until('systemd starts it again', again);
  await witness.until('no line is lost or repeated', countOf('plain'), exactly(200));
  container.run('systemctl kill -s KILL --kill-who=main hephaestus-coordinator');
  await witness.until('a killed coordinator comes back', bothRun, operational);
}

async function reloadAndRefuse(witness: Witness): Promise<void> {
  const lastWords = 'journalctl -u hephaestus-agent -o cat -n 20 --no-pager';
  witness.check('a reload is reported and done', 'systemctl reload hephaestus-agent && systemctl is-active hephaestus-agent');
  await witness.until('the reload shows in the log', lastWords, /settings read again/);
  witness.check(
    'wrong settings change nothing of what runs, and are named with file and line',
    `printf 'log:\\n  level: loud\\n' > /etc/hephaestus/agent.yaml.d/wrong.yaml && systemctl reload hephaestus-agent && systemctl is-active hephaestus-agent`,
  );
  await witness.until('the mistake shows in the log', lastWords, /wrong\.yaml:2: log\.level/);
  witness.check('started with them it stays down and says why', 'systemctl restart hephaestus-agent; systemctl is-failed hephaestus-agent');
  witness.check('once they are mended it starts', 'rm /etc/hephaestus/agent.yaml.d/wrong.yaml && systemctl start hephaestus-agent');
}

async function reboot(witness: Witness): Promise<void> {
  witness.container.run('for i in $(seq 201 300); do echo "plain-$i" >> /srv/log/closed.log; done');
  await witness.container.reboot();
  await witness.until('after a reboot both run', bothRun, operational);
  witness.container.run('for i in $(seq 301 400); do echo "plain-$i" >> /srv/log/closed.log; done');
  await witness.until('no line around the reboot is lost or repeated', countOf('plain'), exactly(400));
}

/** Both state directories on small file systems of their own, which are then filled to the last byte. */
async function fillDisks(witness: Witness): Promise<void> {
  witness.check(
    'both states move to small disks',
    `systemctl stop hephaestus-agent hephaestus-coordinator
for name in hephaestus hephaestus-agent; do
  mkdir -p /run/kept && cp -a /var/lib/$name /run/kept/ && mount -t tmpfs -o size=24m tmpfs /var/lib/$name && cp -a /run/kept/$name/. /var/lib/$name/ || exit 1
  chown --reference=/run/kept/$name /var/lib/$name && chmod 700 /var/lib/$name
done
systemctl start hephaestus-coordinator hephaestus-agent`,
  );
  await witness.until('they run there', bothRun, operational);
  const fill = (name: string): string => `dd if=/dev/zero of=/var/lib/${name}/fill bs=64k 2>/dev/null`;
  witness.check(
    'the disks are full while lines are written',
    `${fill('hephaestus')}; ${fill('hephaestus-agent')}; for i in $(seq 401 3000); do echo "plain-$i $(printf '%0400d' $i)"; done >> /srv/log/closed.log`,
  );
  const complaint = 'journalctl -u hephaestus-coordinator -u hephaestus-agent -o cat -n 200 --no-pager';
  await witness.until('the want of space is told', complaint, /disk is full|ENOSPC|no space left/i);
  witness.check('the agent goes on', 'systemctl is-active hephaestus-agent');
  witness.container.run('systemctl kill -s KILL --kill-who=main hephaestus-agent');
  witness.check('there is room again', 'rm /var/lib/hephaestus/fill /var/lib/hephaestus-agent/fill');
  await witness.until('both go on by themselves', bothRun, operational);
  await witness.until('no line is lost or repeated for want of space', countOf('plain'), exactly(3000));
  witness.check(
    'the states move back',
    `systemctl stop hephaestus-agent hephaestus-coordinator
for name in hephaestus hephaestus-agent; do
  rm -rf /run/kept/$name && cp -a /var/lib/$name /run/kept/ && umount /var/lib/$name && cp -a /run/kept/$name/. /var/lib/$name/ || exit 1
done
rm -rf /run/kept; systemctl start hephaestus-coordinator hephaestus-agent`,
  );
  await witness.until('they run where they were', bothRun, operational);
}
