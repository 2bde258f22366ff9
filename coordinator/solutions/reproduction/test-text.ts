// The text and place of a test that makes one call, in the way of the repository's runner.
// Must never take a name or a value over from a log but as a literal.
import { posix } from 'node:path';
import type { Incident } from '../../incidents/incident.ts';
import type { RunnerName, TestRunner } from '../test-runner.ts';
import type { CallSite } from './call-site.ts';
import type { ProbeAnswer } from './probe.ts';
import { incidentKey, isWithin } from './test-name.ts';

export interface TestPlace {
  /** All of the base revision. */
  readonly paths: readonly string[];
  /** Of the tests that are about the located files, the likeliest first. */
  readonly related: readonly string[];
  readonly runner: Pick<TestRunner, 'name' | 'folder'>;
  /** True where `.js` means a module: `"type": "module"` in package.json. */
  readonly isModule: boolean;
  /** Folder that Python's imports begin at. */
  readonly root: string;
}

export interface WrittenTest {
  readonly path: string;
  readonly text: string;
}

export function writeTest(incident: Incident, site: CallSite, answer: ProbeAnswer, type: string, place: TestPlace): WrittenTest {
  return site.path.endsWith('.py')
    ? writePython(incident, site, answer, type, place)
    : writeJavaScript(incident, site, answer, type, place);
}

/** The folder of related tests, or the usual one, or the file's own. */
function folderFor(path: string, { related, paths, runner }: TestPlace): string {
  const nearest = related.find((one) => isWithin(one, runner.folder));
  if (nearest !== undefined) return posix.dirname(nearest);
  const usual = ['test', 'tests', '__tests__'].map((name) => posix.join(runner.folder ?? '', name));
  return usual.find((folder) => paths.some((one) => one.startsWith(`${folder}/`))) ?? posix.dirname(path);
}

function writeJavaScript(incident: Incident, site: CallSite, answer: ProbeAnswer, type: string, place: TestPlace): WrittenTest {
  const extension = posix.extname(site.path);
  const stem = posix.basename(site.path, extension);
  const usesImports =
    /^\.[mc]?tsx?$/.test(extension) || extension === '.mjs' || (extension !== '.cjs' && place.isModule) || place.runner.name === 'vitest';
  const folder = folderFor(site.path, place);
  const path = posix.join(folder, `${stem}.incident-${incidentKey(incident.id)}.test${extension}`);
  const relative = posix.relative(folder, site.path);
  const from = quote(relative.startsWith('.') ? relative : `./${relative}`);
  const wanted = site.className ?? site.name;
  const load = usesImports ? loadByImport(wanted, answer, from) : loadByRequire(wanted, answer, from);
  const values = answer.arguments.map(javaScriptLiteral).join(', ');
  const receiver = answer.isStatic ? wanted : `new ${wanted}()`;
  const call = site.className === undefined ? `${wanted}(${values})` : `${receiver}.${site.name}(${values})`;
  const [framework, word] = frameworkOf(place.runner.name, usesImports);
  const name = `${site.className === undefined ? '' : `${site.className}.`}${site.name} does not end in ${type}`;
  const text = [
    `// Made from incident ${incident.id}: this call failed with ${type} in ${site.path}.`,
    ...framework,
    load,
    '',
    `${word}(${quote(name)}, async () => {`,
    `  await ${call};`,
    '});',
    '',
  ].join('\n');
  return { path, text };
}

function frameworkOf(runner: RunnerName, usesImports: boolean): readonly [readonly string[], string] {
  if (runner === 'vitest') return [["import { test } from 'vitest';"], 'test'];
  if (runner === 'jest') return [[], 'test'];
  if (runner === 'mocha') return [[], 'it'];
  return [[usesImports ? "import { test } from 'node:test';" : "const { test } = require('node:test');"], 'test'];
}

function loadByImport(wanted: string, { access }: ProbeAnswer, from: string): string {
  if (access === 'named') return `import { ${wanted} } from ${from};`;
  if (access === 'default') return `import ${wanted} from ${from};`;
  return `import loaded from ${from};\n\nconst { ${wanted} } = loaded;`;
}

function loadByRequire(wanted: string, { access }: ProbeAnswer, from: string): string {
  return access === 'default' ? `const ${wanted} = require(${from});` : `const { ${wanted} } = require(${from});`;
}

export function javaScriptLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(javaScriptLiteral).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? quote(value) : JSON.stringify(value);
  if ('$undefined' in value) return 'undefined';
  const members = Object.entries(value).map(
    // `__proto__: x` would set the prototype.
    ([key, inner]) => `${/^[A-Za-z_]\w*$/.test(key) && key !== '__proto__' ? key : `[${quote(key)}]`}: ${javaScriptLiteral(inner)}`,
  );
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

function quote(text: string): string {
  return /^[\w .,:/@+$-]*$/.test(text) ? `'${text}'` : JSON.stringify(text);
}

function writePython(incident: Incident, site: CallSite, answer: ProbeAnswer, type: string, place: TestPlace): WrittenTest {
  const stem = posix.basename(site.path, '.py');
  const folder = folderFor(site.path, place);
  const path = posix.join(folder, `test_${stem === '__init__' ? 'package' : stem}_incident_${incidentKey(incident.id)}.py`);
  const module = posix
    .relative(place.root, site.path)
    .replace(/(?:\/__init__)?\.py$/, '')
    .replaceAll('/', '.');
  const wanted = site.className ?? site.name;
  const values = answer.arguments.map(pythonLiteral).join(', ');
  const receiver = answer.isStatic ? wanted : `${wanted}()`;
  const call = site.className === undefined ? `${wanted}(${values})` : `${receiver}.${site.name}(${values})`;
  const up = posix.relative(folder, place.root);
  const text = [
    `"""Made from incident ${incident.id}: this call failed with ${type} in ${site.path}."""`,
    ...(place.root === '' ? [] : ['import os', 'import sys']),
    'import unittest',
    ...(place.root === ''
      ? []
      : ['', `sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ${JSON.stringify(up)}))`]),
    '',
    `from ${module} import ${wanted}`,
    '',
    '',
    'class IncidentTest(unittest.TestCase):',
    `    def test_${site.name.replace(/^_+/, '')}_does_not_end_in_${type.replaceAll(/\W/g, '_')}(self):`,
    `        ${call}`,
    '',
    '',
    "if __name__ == '__main__':",
    '    unittest.main()',
    '',
  ].join('\n');
  return { path, text };
}

export function pythonLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value !== 'object') return typeof value === 'string' ? quote(value) : JSON.stringify(value);
  if ('$undefined' in value) return 'None';
  return `{${Object.entries(value)
    .map(([key, inner]) => `${quote(key)}: ${pythonLiteral(inner)}`)
    .join(', ')}}`;
}
