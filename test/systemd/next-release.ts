// The release after this one, for trying an upgrade: these sources with a higher version and one more step of the schema.
// Must never change the sources that it copies.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { schemaVersion } from '../../coordinator/store/migrations.ts';

export const nextRelease = { version: '99.0.0', schema: schemaVersion + 1 } as const;

const buildOptions = ['--compression', 'none', '--architecture', 'amd64'];

export function buildPackages(project: string, into: string, formats: string): void {
  execFileSync(process.execPath, [join(project, 'packaging', 'build.ts'), ...buildOptions, '--format', formats, '--out', into], {
    stdio: 'inherit',
    env: { ...process.env, SOURCE_DATE_EPOCH: '1700000000' },
  });
}

/** @param folder gets the changed sources */
export function buildNextRelease(project: string, folder: string, into: string): void {
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: project, encoding: 'utf8' });
  for (const path of tracked.split('\0').filter((name) => name !== '')) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(project, path), join(folder, path));
  }
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  change(join(folder, 'base', 'version.ts'), /version = '[^']+'/, `version = '${nextRelease.version}'`);
  const step = `  { name: 'next-release', statements: ['create table next_release (id text primary key)'] },\n`;
  change(
    join(folder, 'coordinator', 'store', 'migrations.ts'),
    /\n\];\n\n(?=\/\*\* The version that this program makes)/,
    `\n${step}];\n\n`,
  );
  buildPackages(folder, into, 'deb');
}

function change(file: string, place: RegExp, text: string): void {
  const before = readFileSync(file, 'utf8');
  const after = before.replace(place, text);
  if (after === before) throw new Error(`${file} has nothing like ${String(place)}`);
  writeFileSync(file, after);
}
