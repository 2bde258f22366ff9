// The programs that call a function with one list of arguments after the other until the incident's error comes at its line: one for Node, one for Python.
// Must never be run outside the sandbox: what they call is a repository's code.

/** Standard input of a probe. */
export interface ProbeTask {
  /** Module to load, relative to the repository. */
  readonly path: string;
  /** Folder that Python's imports begin at, relative to the repository; empty is its root. */
  readonly root: string;
  readonly name: string;
  readonly className: string | null;
  /** Each a list of arguments; `{"$undefined": true}` stands for undefined. */
  readonly calls: readonly (readonly unknown[])[];
  readonly type: string;
  readonly message: string;
  /** Where the innermost frame of the application is, relative to the repository. */
  readonly file: string;
  readonly line: number;
  /** Begins the line with the answer. */
  readonly mark: string;
}

/** How an export is reached. */
export type Access = 'named' | 'default' | 'member-of-default';

export interface ProbeAnswer {
  readonly call: number;
  /** The same arguments with less in them. */
  readonly arguments: readonly unknown[];
  readonly access: Access;
  /** Of a method. */
  readonly isStatic: boolean;
}

export const nodeProbe = `import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { text } from 'node:stream/consumers';
const task = JSON.parse(await text(process.stdin));
const print = process.stdout.write.bind(process.stdout);
const loaded = await import(pathToFileURL(resolve(task.path)).href);
const wanted = task.className ?? task.name;
let access = 'named';
let found = loaded[wanted];
if (found === undefined && loaded.default != null && loaded.default[wanted] !== undefined) { access = 'member-of-default'; found = loaded.default[wanted]; }
if (found === undefined && typeof loaded.default === 'function' && loaded.default.name === wanted) { access = 'default'; found = loaded.default; }
if (typeof found !== 'function') process.exit(3);
const isStatic = task.className !== null && typeof found[task.name] === 'function';
const call = (values) => {
  if (task.className === null) return found(...values);
  return isStatic ? found[task.name](...values) : new found()[task.name](...values);
};
const revive = (value) => {
  if (Array.isArray(value)) return value.map(revive);
  if (value === null || typeof value !== 'object') return value;
  if (value.$undefined === true) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revive(inner)]));
};
const plain = (message) => String(message).replaceAll(/\\d+/g, '#').replaceAll(/\\s+/g, ' ').trim();
const here = process.cwd() + '/';
const shows = async (values) => {
  try {
    await Promise.race([call(values.map(revive)), new Promise((_, reject) => setTimeout(reject, 1000, 'slow').unref())]);
  } catch (error) {
    if (!(error instanceof Error) && (error == null || typeof error.stack !== 'string')) return false;
    const names = [error.name, error.constructor?.name];
    if (!names.includes(task.type) || plain(error.message) !== plain(task.message)) return false;
    const frame = String(error.stack).split('\\n').find((one) => /^\\s+at /.test(one) && one.includes(here) && !one.includes('/node_modules/'));
    return frame !== undefined && frame.includes(here + task.file + ':' + task.line + ':');
  }
  return false;
};
const smaller = function* (value) {
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) yield value.toSpliced(at, 1);
    for (let at = 0; at < value.length; at += 1) for (const one of smaller(value[at])) yield value.with(at, one);
  } else if (value !== null && typeof value === 'object') {
    if (value.$undefined === true) return;
    for (const key of Object.keys(value)) { const { [key]: _, ...rest } = value; yield rest; }
    for (const [key, inner] of Object.entries(value)) for (const one of smaller(inner)) yield { ...value, [key]: one };
  } else if (typeof value === 'string' && value.length > 1 && !task.message.includes(value)) yield 'x';
  else if (typeof value === 'number' && value !== 1) yield 1;
};
const shrink = async (values) => {
  let current = values;
  for (let count = 0; count < 300; ) {
    let better;
    for (const one of smaller(current)) {
      count += 1;
      if (count >= 300) break;
      if (one.length === current.length && await shows(one)) { better = one; break; }
    }
    if (better === undefined) break;
    current = better;
  }
  return current;
};
for (const [index, values] of task.calls.entries()) {
  if (!await shows(values)) continue;
  print('\\n' + task.mark + JSON.stringify({ call: index, arguments: await shrink(values), access, isStatic }) + '\\n');
  process.exit(0);
}
process.exit(3);
`;

export const pythonProbe = `import importlib, inspect, json, os, re, signal, sys, traceback
task = json.load(sys.stdin)
sys.path.insert(0, os.path.join(os.getcwd(), task['root']))
relative = os.path.relpath(task['path'], task['root'] or '.')
module = importlib.import_module(re.sub(r'(/__init__)?\\.py$', '', relative).replace('/', '.'))
found = getattr(module, task['className'] or task['name'], None)
if found is None:
    sys.exit(3)
is_static = False
if task['className'] is not None:
    is_static = isinstance(inspect.getattr_static(found, task['name'], None), (staticmethod, classmethod))
class Slow(BaseException):
    pass
def stop(*_):
    raise Slow()
signal.signal(signal.SIGALRM, stop)
def revive(value):
    if isinstance(value, list):
        return [revive(item) for item in value]
    if isinstance(value, dict):
        return None if value.get('$undefined') is True else {key: revive(item) for key, item in value.items()}
    return value
def call(values):
    target = found
    if task['className'] is not None:
        target = getattr(found if is_static else found(), task['name'])
    result = target(*values)
    if inspect.iscoroutine(result):
        import asyncio
        return asyncio.run(result)
    if inspect.isgenerator(result):
        return list(result)
    return result
def plain(message):
    return re.sub(r'\\s+', ' ', re.sub(r'\\d+', '#', message)).strip()
def quoteless(message):
    return re.sub(r"'[^']*'|\\"[^\\"]*\\"", '*', plain(message))
here = os.getcwd() + '/'
def shows(values):
    signal.alarm(2)
    try:
        call([revive(value) for value in values])
    except (Slow, SystemExit, KeyboardInterrupt):
        return False
    except BaseException as error:
        if type(error).__name__ != task['type'] or quoteless(str(error)) != quoteless(task['message']):
            return False
        frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename.startswith(here) and '/site-packages/' not in one.filename]
        return bool(frames) and frames[-1].filename == here + task['file'] and frames[-1].lineno == task['line']
    finally:
        signal.alarm(0)
    return False
def smaller(value):
    if isinstance(value, list):
        for at in range(len(value)):
            yield value[:at] + value[at + 1:]
        for at in range(len(value)):
            for one in smaller(value[at]):
                yield value[:at] + [one] + value[at + 1:]
    elif isinstance(value, dict):
        if value.get('$undefined') is True:
            return
        for key in value:
            yield {other: item for other, item in value.items() if other != key}
        for key, item in value.items():
            for one in smaller(item):
                yield {**value, key: one}
    elif isinstance(value, str) and len(value) > 1 and value not in task['message']:
        yield 'x'
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and value != 1:
        yield 1
def shrink(values):
    current, count = values, 0
    while count < 300:
        better = None
        for one in smaller(current):
            count += 1
            if count >= 300:
                break
            if len(one) == len(current) and shows(one):
                better = one
                break
        if better is None:
            break
        current = better
    return current
for index, values in enumerate(task['calls']):
    if not shows(values):
        continue
    print('\\n' + task['mark'] + json.dumps({'call': index, 'arguments': shrink(values), 'access': 'named', 'isStatic': is_static}), flush=True)
    os._exit(0)
os._exit(3)
`;
