// Checks the house: reads every source file and prints each breach of a wall or a habit. Exit status 1 if there is any.
// Must never pass because it found nothing to read.
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { findHabitViolations } from './habits.ts';
import { readModuleFacts } from './module-facts.ts';
import { findWallViolations } from './walls.ts';

const root = process.argv[2] ?? join(import.meta.dirname, '..', '..');
const folders = ['base', 'analysis', 'proto', 'agent', 'coordinator', 'packaging', 'test', 'bench', 'examples'];
const skipped = [/^proto\/gen\//, /^examples\/[^/]+\/service\//, /(^|\/)fixtures\//, /(^|\/)node_modules\//];

function listSources(folder: string): readonly string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .filter((path) => !skipped.some((pattern) => pattern.test(path)))
      .toSorted();
  } catch (error) {
    // A folder that isn't there yet has no files to check.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

const modules = folders.flatMap(listSources).map((path) => readModuleFacts(path, readFileSync(join(root, path), 'utf8')));
const violations = [...findWallViolations(modules), ...modules.flatMap(findHabitViolations)];
for (const { path, line, message } of violations) console.error(`${path}:${line} ${message}`);
console.log(`architecture: ${modules.length} files, ${violations.length} violations`);
if (violations.length > 0 || modules.length === 0) process.exitCode = 1;
