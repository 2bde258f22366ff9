// From one release to the next while numbered lines are written and their file is rotated, and the way back.
// Must never stop the writer for the upgrade.
import { version } from '../../../base/version.ts';
import { nextRelease } from '../next-release.ts';
import { bothRun, countOf, exactly, operational, type Witness } from '../witness.ts';

/** Some 400 lines a second; every 2,000 the file is rotated by renaming, as logrotate does it. */
const writer = `import os, time
number, path = 0, '/srv/log/load.log'
file = open(path, 'a')
while not os.path.exists('/run/enough'):
    for _ in range(20):
        number += 1
        file.write(f'load-{number}\\n')
    file.flush()
    if number % 2000 == 0:
        file.close()
        os.rename(path, f'{path}.{number // 2000}')
        file = open(path, 'a')
    time.sleep(0.05)
file.close()
print(number, file=open('/run/written', 'w'))
`;

const database = '/var/lib/hephaestus/coordinator.db';
const schemaOf = (file: string): string =>
  `/usr/lib/hephaestus-coordinator/bin/node -e "const { DatabaseSync } = require('node:sqlite'); console.log('schema', new DatabaseSync('${file}', { readOnly: true }).prepare('select max(version) as v from schema_migrations').get().v)" 2>/dev/null`;

export async function upgrade(witness: Witness): Promise<void> {
  const { container } = witness;
  const before = nextRelease.schema - 1;
  witness.check('the schema is this release’s', schemaOf(database), new RegExp(`^schema ${before}$`, 'm'));
  witness.check(
    'lines are written all the time',
    `cat > /root/writer.py <<'END'\n${writer}END\nsystemd-run --quiet --unit writer python3 /root/writer.py`,
  );
  await witness.until('they arrive', countOf('load'), /^\d{3,} lines/m);
  witness.check('the coordinator is upgraded while they are', 'dpkg -i /root/next/hephaestus-coordinator_*.deb');
  witness.check('and the agent', 'dpkg -i /root/next/hephaestus-agent_*.deb');
  await witness.until('both run', bothRun, operational);
  witness.check(
    'they are the new ones',
    'hephaestus-agent --version; hephaestus-coordinator --version',
    new RegExp(`^${nextRelease.version}\n.* ${nextRelease.version}$`, 'm'),
  );
  witness.check('the database was migrated', schemaOf(database), new RegExp(`^schema ${nextRelease.schema}$`, 'm'));
  witness.check(
    'it was copied first',
    schemaOf(`$(ls /var/lib/hephaestus/backups/before-schema-${nextRelease.schema}-*.db)`),
    new RegExp(`^schema ${before}$`, 'm'),
  );
  witness.check('the writer ends', 'touch /run/enough; while ! [ -s /run/written ]; do sleep 0.1; done');
  const written = Number(container.run('cat /run/written').output.trim());
  await witness.until(`of ${written} lines none is lost or repeated`, countOf('load'), exactly(written), 240);

  witness.check(
    'the older package refuses the newer database, says what to do, and disturbs nothing',
    `before=$(systemctl show -p MainPID --value hephaestus-coordinator)
dpkg -i /root/first/hephaestus-coordinator_*.deb && exit 1
systemctl is-active hephaestus-coordinator && [ "$(systemctl show -p MainPID --value hephaestus-coordinator)" = "$before" ]`,
    new RegExp(`schema version ${nextRelease.schema}, this package knows ${before}[^]*restore --replace`),
  );
  witness.check(
    'so does the older program, and it is not started again and again',
    `dpkg-deb -x /root/first/hephaestus-coordinator_*.deb /tmp/older
systemctl stop hephaestus-coordinator && mount --bind /tmp/older/usr/lib/hephaestus-coordinator /usr/lib/hephaestus-coordinator
systemctl start hephaestus-coordinator; journalctl -u hephaestus-coordinator -o cat -n 20 --no-pager; systemctl show -p Result,ActiveState hephaestus-coordinator`,
    new RegExp(`schema version ${nextRelease.schema}[^]*ActiveState=failed`),
  );
  witness.check('the newer one runs again', 'umount /usr/lib/hephaestus-coordinator && systemctl start hephaestus-coordinator');
  witness.check(
    'the way back: the copy restored, then the older package',
    `systemctl stop hephaestus-coordinator && hephaestus-coordinator restore --replace /var/lib/hephaestus/backups/before-schema-*.db &&
dpkg -i /root/first/*.deb && hephaestus-coordinator --version`,
    new RegExp(`${version}$`, 'm'),
  );
  await witness.until('both run again', bothRun, operational);
  witness.check('the schema is the older one', schemaOf(database), new RegExp(`^schema ${before}$`, 'm'));
}
