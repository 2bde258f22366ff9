// Missing imports of Node's own modules, whole or by name.
// Must never import a package that isn't Node's: whether it is installed can't be told here.
import type { GuardEdit, GuardSite } from './guard-edit.ts';

const nodeModules = new Set(
  'assert buffer child_process cluster crypto dns events fs http https net os path perf_hooks process querystring readline stream timers tls url util v8 vm worker_threads zlib'.split(
    ' ',
  ),
);

/** Names that only one module exports, as nearly all code means them. */
const exportsOf: Readonly<Record<string, string>> = {
  path: 'join resolve dirname basename extname relative isAbsolute normalize sep',
  fs: 'readFileSync writeFileSync existsSync mkdirSync readdirSync statSync createReadStream createWriteStream appendFileSync rmSync unlinkSync copyFileSync',
  'fs/promises': 'readFile writeFile mkdir readdir stat rm unlink rename copyFile appendFile mkdtemp',
  crypto: 'randomUUID createHash randomBytes createHmac timingSafeEqual scryptSync',
  os: 'tmpdir hostname cpus homedir EOL',
  util: 'promisify inspect format inherits parseArgs',
  events: 'EventEmitter once',
  url: 'fileURLToPath pathToFileURL',
  child_process: 'spawn execFile execFileSync spawnSync exec execSync fork',
  http: 'createServer',
  zlib: 'gzipSync gunzipSync createGzip createGunzip',
  stream: 'pipeline Readable Writable Transform PassThrough',
  worker_threads: 'Worker parentPort workerData isMainThread',
  perf_hooks: 'performance',
  assert: 'deepStrictEqual strictEqual',
};

export function addNodeImport(site: GuardSite, name: string): readonly GuardEdit[] {
  const from = Object.entries(exportsOf).find(([, names]) => names.split(' ').includes(name))?.[0];
  if (from === undefined && !nodeModules.has(name)) return [];
  const module = from ?? name;
  const statements = site.root.namedChildren;
  const isModule = statements.some((node) => node.type === 'import_statement' || node.type === 'export_statement');
  const newline = site.text.includes('\r\n') ? '\r\n' : '\n';
  const bound = from === undefined ? (isModule ? `* as ${name}` : name) : `{ ${name} }`;
  const line = isModule ? `import ${bound} from 'node:${module}';` : `const ${bound} = require('node:${module}');`;
  const first = statements.find((node) => !['hash_bang_line', 'comment'].includes(node.type) && !/^['"]use strict['"]/.test(node.text));
  const at = first?.startIndex ?? 0;
  return [
    {
      pattern: 'missing-import',
      title: `Import ${name}`,
      rootCause: `\`${name}\` is used on line ${site.line}, but nothing imports it.`,
      splices: [{ start: at, end: at, insert: line + newline }],
    },
  ];
}
