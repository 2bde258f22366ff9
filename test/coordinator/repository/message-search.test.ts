// States which words of a message are worth searching a repository for.
// Must never search.
import { expect, test } from 'vitest';
import { searchTerms } from '../../../coordinator/repository/message-search.ts';

const terms = (template: string, message = ''): readonly string[] => searchTerms(template, message).map(({ text }) => text);

test('constant parts, the longest first, without values', () => {
  expect(terms('card was declined for order <*> after <*> attempts by the bank')).toEqual([
    'card was declined for order',
    'attempts by the bank',
  ]);
  expect(terms('', "Failed to open '/etc/shop.conf' for reading: 13 (Permission denied)")).toContain('Failed to open');
});

test('configuration keys and quoted names', () => {
  expect(terms('', 'PAYMENT_API_URL is not set')).toContain('PAYMENT_API_URL');
  expect(terms('', 'unknown key server.http.port')).toContain('server.http.port');
  expect(terms('', "No module named 'shop.pricing'")).toContain('shop.pricing');
});

test('nothing where a message says nothing of its own', () => {
  expect(terms('', '')).toEqual([]);
  expect(terms('<*>', '42')).toEqual([]);
});

test('a handful at most, however long the message', () => {
  const long = Array.from({ length: 200 }, (_, index) => `some words here ${String(index)} and "quoted_${String(index)}"`).join(' ');
  expect(terms('', long).length).toBeLessThanOrEqual(6);
});
