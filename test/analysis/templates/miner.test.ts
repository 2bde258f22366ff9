// States what the template miner promises: masks, merging, stable ids, convergence, bounded memory, replay.
// Must never depend on a labelled data set; bench/parsing.ts measures accuracy.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TemplateMiner } from '../../../analysis/templates/miner.ts';

function textOf(message: string): string {
  return new TemplateMiner().match(message).text;
}

describe('masks', () => {
  test.each([
    ['took 35 of 40 tries', 'took <num> of <num> tries'],
    ['balance -12.50 at 1.5e-7', 'balance <num> at <num>'],
    ['reads 0x7fff12 and deadbeef01', 'reads <hex> and <hex>'],
    ['id 123e4567-e89b-12d3-a456-426614174000 gone', 'id <uuid> gone'],
    ['from 10.0.0.1:8080 to /192.168.1.2', 'from <ip> to <ip>'],
    ['from fe80::1ff:fe23:4567:890a up', 'from <ip> up'],
    ['came by 10.0.0.7,10.0.0.1 today', 'came by <ip> today'],
    ['mac 00:1b:44:11:3a:b7 seen', 'mac <mac> seen'],
    ['open /var/log/x.log: denied', 'open <path>: denied'],
    ['load C:\\Users\\x\\y.dll now', 'load <path> now'],
    ['get https://example.org/a?b=c done', 'get <url> done'],
    ['"GET /index.html HTTP/1.1" 200', '"GET <path>" <num>'],
    ['slept 30ms then 2h', 'slept <duration> then <duration>'],
    ['used 10MB of 2GiB', 'used <size> of <size>'],
    ['started Mon Jan 1 10:15:00 2024 here', 'started <time> here'],
    ['at 2024-01-31T10:15:00Z stop', 'at <time> stop'],
    ['mail a.b@example.org bounced', 'mail <email> bounced'],
    ['host db-1.example.org:5432 lost', 'host <host> lost'],
    ['tag="View Lock" held', 'tag="<quoted>" held'],
    ['enabled=true', 'enabled=<bool>'],
    ['unit WWID:0100:6005-08b4 lost', 'unit <id> lost'],
    ['block blk_-4980916519894289629 sent', 'block <id> sent'],
    ['generating core.2275', 'generating core.<num>'],
    ['ran 04:00 long', 'ran <duration> long'],
    ['exception.....................0', 'exception.....................<num>'],
  ])('%s', (message, template) => {
    expect(textOf(message)).toBe(template);
  });

  test('names with a digit or two stay until a second one shows that they vary', () => {
    const miner = new TemplateMiner();
    expect(miner.match('link eth0 is up').text).toBe('link eth0 is up');
    expect(miner.match('link eth1 is up').text).toBe('link <*> is up');
  });
});

describe('merging', () => {
  test('values of different kinds at one place are one template', () => {
    const miner = new TemplateMiner();
    const { id } = miner.match('connection from 10.0.0.1 () closed');
    expect(miner.match('connection from db.example.org (10.0.0.1) closed').id).toBe(id);
  });

  test('amounts in different units are one template', () => {
    const miner = new TemplateMiner();
    const first = miner.match('closed, 1848 bytes (1.80 KB) sent');
    const second = miner.match('closed, 303 bytes sent');
    expect(miner.resolve(second.id)).toBe(miner.resolve(first.id));
    expect(miner.textOf(first.id)).toBe('closed, <*> sent');
  });

  test('words that say what happened keep templates apart', () => {
    const miner = new TemplateMiner();
    const ids = ['started', 'stopped', 'paused', 'resumed'].map((word) => miner.match(`VM ${word} by the scheduler`).id);
    expect(new Set(ids.map((id) => miner.resolve(id))).size).toBe(4);
    const states = ['NEW', 'RUNNING', 'FAILED'].map((word) => miner.match(`job moved to ${word} now`).id);
    expect(new Set(states.map((id) => miner.resolve(id))).size).toBe(3);
  });

  test('a place with many different words becomes a variable, and the old ids lead to the new template', () => {
    const miner = new TemplateMiner();
    const names = 'amber beryl coral ebony flint garnet hazel ivory jade lapis'.split(' ');
    const ids = names.map((name) => miner.match(`cache of ${name} was dropped again`).id);
    expect(new Set(ids.map((id) => miner.resolve(id))).size).toBe(1);
    expect(miner.textOf(ids[0] ?? '')).toBe('cache of <*> was dropped again');
  });

  test.each([
    ['brackets', ['(root) CMD (run-parts /etc/x)', '(root) CMD (sync)', '(root) CMD (test -x /a && b --quiet 1)'], '(root) CMD (<*>)'],
    ['lists', ['ranges [(1, 2), (3, 4)] due', 'ranges [(1, 2)] due', 'ranges [] due'], 'ranges [<*>] due'],
    [
      'values',
      ['lock taken, ws=null, uid=4', 'lock taken, ws=Source{17 b}, uid=5', 'lock taken, ws=none, uid=6'],
      'lock taken, ws=<*>, uid=<num>',
    ],
    ['quotes', ['stored "a long name" twice', 'stored "b" twice', 'stored "c/d (e)" twice'], 'stored "<*>" twice'],
  ])('what %s hold is one variable, however long it is', (_name, messages, template) => {
    const miner = new TemplateMiner();
    const ids = messages.map((text) => miner.match(text).id);
    expect(new Set(ids.map((id) => miner.resolve(id))).size).toBe(1);
    expect(miner.textOf(ids[0] ?? '')).toBe(template);
  });

  test('what a colon leads to is one variable once it takes any form', () => {
    const miner = new TemplateMiner();
    const ids = ['None', '[1, 2]', "{'sent': 3}", 'True', "('ok')"].map((value) => miner.match(`task 7 succeeded again: ${value}`).id);
    expect(new Set(ids.map((id) => miner.resolve(id))).size).toBe(1);
    expect(miner.textOf(ids[0] ?? '')).toBe('task <num> succeeded again: <*>');
  });

  test('brackets whose words tell messages apart stay', () => {
    const miner = new TemplateMiner();
    const ids = ['usable', 'reserved', 'ACPI data'].map((word) => miner.match(`memory at 0x9f400 (${word})`).id);
    expect(new Set(ids.map((id) => miner.resolve(id))).size).toBe(3);
  });

  test('an id does not depend on which values came first', () => {
    const [one, two] = [new TemplateMiner(), new TemplateMiner()];
    const first = one.match('disk sda1 has 5 errors').id;
    two.match('disk sdb2 has 7 errors');
    expect(two.match('disk sda1 has 5 errors').id).toBe(first);
  });

  test('only the first line counts', () => {
    const miner = new TemplateMiner();
    const { id } = miner.match('boom\n  at one');
    expect(miner.match('boom\n  at two').id).toBe(id);
  });
});

const word = fc.constantFrom(
  'open',
  'close',
  'user',
  'file',
  'error',
  'GET',
  'eth0',
  'x=1',
  '(a)',
  '[b]',
  '10.0.0.1',
  '42',
  '5 MB',
  '/a/b',
  '…',
  '\u0000',
  '"q"',
);
const message = fc.array(word, { maxLength: 12 }).map((words) => words.join(' '));

describe('properties', () => {
  test('replaying a stream three times makes no new template', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 60 }), (stream) => {
        const miner = new TemplateMiner();
        for (const text of [...stream, ...stream]) miner.match(text);
        const size = miner.size;
        for (const text of stream) expect(miner.match(text).isNew).toBe(false);
        expect(miner.size).toBe(size);
      }),
    );
  });

  test('the same stream gives the same ids, and a restored miner goes on alike', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), fc.array(message, { maxLength: 20 }), (before, after) => {
        const one = new TemplateMiner();
        const two = new TemplateMiner();
        expect(before.map((text) => one.match(text))).toEqual(before.map((text) => two.match(text)));
        const restored = new TemplateMiner();
        restored.restore(JSON.parse(JSON.stringify(one.snapshot())) as ReturnType<TemplateMiner['snapshot']>);
        for (const text of [...before, ...after]) {
          expect(restored.resolve(restored.match(text).id)).toBe(one.resolve(one.match(text).id));
        }
      }),
    );
  });

  test('any text has a template that is found again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        const miner = new TemplateMiner();
        const { id } = miner.match(text);
        expect(miner.match(text)).toMatchObject({ id, isNew: false });
      }),
    );
  });
});

test('a flood of strangers stays within bounds and leaves known templates alone', () => {
  const miner = new TemplateMiner({ maxTemplates: 300, maxPerFrame: 50, maxPatterns: 500 });
  const known = Array.from({ length: 200 }, () => miner.match('backup of volume done by agent').id)[0] ?? '';
  let state = 7;
  const stranger = (): string => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8).toString(36).replace(/\d/g, 'z');
  };
  for (let i = 0; i < 5000; i++) {
    const marks = ',;:|'.slice(0, i % 5);
    miner.match(Array.from({ length: 3 + (i % 9) }, stranger).join(' ') + marks);
  }
  expect(miner.size).toBeLessThanOrEqual(300);
  expect(miner.match('backup of volume done by agent')).toMatchObject({ id: known, text: 'backup of volume done by agent' });
});
