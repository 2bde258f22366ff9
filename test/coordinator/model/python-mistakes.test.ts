// What the built-in engine answers to Python's mistakes with coroutines, encodings, time zones and JSON.
// Must never take an edit where the message leaves more than one way open.
import { describe, expect, it } from 'vitest';
import { createSyntaxTrees } from '../../../base/syntax-tree.ts';
import { createBuiltinEngine } from '../../../coordinator/model/providers/builtin/builtin-engine.ts';

const engine = createBuiltinEngine(createSyntaxTrees());

async function first(text: string, line: number, type: string, message: string): Promise<string | undefined> {
  const places = [{ path: 'app.py', line, column: undefined, function: undefined }];
  const files = new Map([['app.py', text]]);
  const [candidate] = await engine.propose({
    type,
    message,
    language: 'python',
    places,
    suspects: [],
    settings: [],
    paths: ['app.py'],
    files,
  });
  return candidate?.files.get('app.py');
}

const decode = "'ascii' codec can't decode byte 0xc3 in position 3: ordinal not in range(128)";
const compare = "can't compare offset-naive and offset-aware datetimes";

describe("edits for Python's libraries", () => {
  it.each([
    ['async def a():\n    return load(1)["x"]\n', 2, 'TypeError', "'coroutine' object is not subscriptable", '(await load(1))["x"]'],
    [
      'async def a():\n    rows = load(1)\n    return rows[0]\n',
      3,
      'TypeError',
      "'coroutine' object is not subscriptable",
      'rows = await load(1)',
    ],
    ['def a(p):\n    with open(p) as f:\n        return f.read()\n', 3, 'UnicodeDecodeError', decode, "open(p, encoding='utf-8')"],
    [
      'import json\ndef a(p):\n    with open(p) as f:\n        return json.load(f)\n',
      4,
      'JSONDecodeError',
      'Unexpected UTF-8 BOM (decode using utf-8-sig): line 1',
      "encoding='utf-8-sig'",
    ],
    [
      'from datetime import datetime\ndef a(t):\n    return datetime.utcnow() > t\n',
      3,
      'TypeError',
      compare,
      'datetime.now(timezone.utc) > t',
    ],
    [
      'import json\ndef a(x):\n    return json.dumps(x)\n',
      3,
      'TypeError',
      'Object of type Decimal is not JSON serializable',
      'json.dumps(x, default=str)',
    ],
  ])('mend %j', async (text, line, type, message, expected) => {
    expect(await first(text, line, type, message)).toContain(expected);
  });

  it('import what they need', async () => {
    expect(await first('from datetime import datetime\ndef a(t):\n    return datetime.utcnow() > t\n', 3, 'TypeError', compare)).toContain(
      'from datetime import datetime, timezone\n',
    );
  });

  it('choose no encoding for bytes of an unknown one: what is no UTF-8 is replaced', async () => {
    const message = "'utf-8' codec can't decode byte 0xe9 in position 7: invalid continuation byte";
    const mended = await first('def a(p):\n    return open(p).read()\n', 2, 'UnicodeDecodeError', message);
    expect(mended).toContain("open(p, errors='replace').read()");
  });

  it.each([
    ['a function that may not wait', 'def a():\n    return load(1)["x"]\n', 2, 'TypeError', "'coroutine' object is not subscriptable"],
    [
      'a function that is no coroutine',
      'def load(x):\n    return {}\nasync def a():\n    return load(1)["x"]\n',
      4,
      'TypeError',
      "'coroutine' object is not subscriptable",
    ],
    [
      'two files, either of which was read',
      'def a(p, q):\n    x = open(p).read()\n    return x + open(q).read()\n',
      3,
      'UnicodeDecodeError',
      decode,
    ],
    ['an encoding that was chosen', "def a(p):\n    return open(p, encoding='ascii').read()\n", 2, 'UnicodeDecodeError', decode],
    ['bytes', "def a(p):\n    return open(p, 'rb').read().decode('ascii')\n", 2, 'UnicodeDecodeError', decode],
    [
      'a type of the application',
      'import json\ndef a(x):\n    return json.dumps(x)\n',
      3,
      'TypeError',
      'Object of type Order is not JSON serializable',
    ],
  ])('are none for %s', async (_, text, line, type, message) => {
    expect(await first(text, line, type, message)).toBeUndefined();
  });
});
