// Guards of the built-in engine against what comes after them: an answer of nothing where the caller reckons with it, a default that the module has.
// Must never assert more of an edit than what it is for; whether it holds is for the proof.
import { describe, expect, it } from 'vitest';
import { createSyntaxTrees } from '../../../base/syntax-tree.ts';
import { createBuiltinEngine } from '../../../coordinator/model/providers/builtin/builtin-engine.ts';

const engine = createBuiltinEngine(createSyntaxTrees());

interface Failure {
  readonly path: string;
  readonly text: string;
  readonly type: string;
  readonly message: string;
  /** Innermost first, as line and function. */
  readonly frames: readonly (readonly [line: number, name: string])[];
}

async function propose({ path, text, type, message, frames }: Failure): Promise<readonly string[]> {
  const candidates = await engine.propose({
    type,
    message,
    language: undefined,
    places: frames.map(([line, name]) => ({ path, line, column: undefined, function: name })),
    suspects: [],
    files: new Map([[path, text]]),
    paths: [path],
    settings: [],
  });
  return candidates.map(({ files }) => files.get(path) ?? '');
}

const python = (use: string, head = ''): Failure => {
  const text = `${head}def rate_for(country):\n    return RATES[country]\n\n\ndef tax_of(total, country):\n    return ${use}\n`;
  const from = head.split('\n').length;
  return {
    path: 'tax.py',
    text,
    type: 'KeyError',
    message: "'AT'",
    frames: [
      [from + 1, 'rate_for'],
      [from + 5, 'tax_of'],
    ],
  };
};

const javascript = (use: string): Failure => ({
  path: 'tax.js',
  text: `function countryOf(customer) {\n  return customer.address.country;\n}\n\nfunction label(customer) {\n  return ${use};\n}\n`,
  type: 'TypeError',
  message: "Cannot read properties of undefined (reading 'country')",
  frames: [
    [2, 'countryOf'],
    [6, 'label'],
  ],
});

describe('an answer of nothing', () => {
  const nothing = 'return RATES.get(country)\n';
  it.each([
    ['total * rate_for(country)', false],
    ['round(rate_for(country))', false],
    ['rate_for(country).upper()', false],
    ['describe(rate_for(country))', true],
    ['rate_for(country) or 0', true],
  ])('is offered where the caller can do with it: %s', async (use, isOffered) => {
    const found = await propose(python(use));
    expect(found.length).toBeGreaterThan(0);
    expect(found.some((text) => text.includes(nothing))).toBe(isOffered);
  });

  it.each([
    ['countryOf(customer).toLowerCase()', false],
    ['countryOf(customer) * 2', false],
    ['countryOf(customer)?.toLowerCase()', true],
    ['names[countryOf(customer)]', true],
  ])('is offered in JavaScript, too, where the caller can do with it: %s', async (use, isOffered) => {
    const found = await propose(javascript(use));
    expect(found.some((text) => text.includes('return customer.address?.country;'))).toBe(isOffered);
  });
});

describe('a default', () => {
  it.each([
    ['DEFAULT_RATE = 0.19\n', 'RATES.get(country, DEFAULT_RATE)'],
    ['FALLBACK_RATES = 1\n', 'RATES.get(country, FALLBACK_RATES)'],
    ['RATE_DEFAULT = 1\n', 'RATES.get(country, RATE_DEFAULT)'],
  ])('is the constant that the module has for it: %j', async (head, expected) => {
    expect((await propose(python('total * rate_for(country)', head)))[0]).toContain(expected);
  });

  it.each(['DEFAULT_COUNTRY = 1\n', 'DEFAULT_RATE = 1\nSTANDARD_RATE = 2\n', 'RATE = 3\n', 'DEFAULT = 4\n'])(
    'is no constant that is for something else, or one of two: %j',
    async (head) => {
      for (const text of await propose(python('total * rate_for(country)', head))) expect(text).not.toMatch(/get\(country, [A-Z]/);
    },
  );

  it('is found for a key of settings, as well', async () => {
    const text = "DEFAULT_TIMEOUT = 30\n\n\ndef wait(settings):\n    return settings['timeout']\n";
    const [first] = await propose({ path: 'w.py', text, type: 'KeyError', message: "'timeout'", frames: [[5, 'wait']] });
    expect(first).toContain("return settings.get('timeout', DEFAULT_TIMEOUT)");
  });
});
