// States which words, letters and numbers mean which severity, and when a message is left alone.
// Must never test headers; they have a test of their own.
import { expect, test } from 'vitest';
import {
  isAtLeast,
  severityOfField,
  severityOfMessage,
  severityOfOpenTelemetry,
  severityOfPriority,
  severityOfWord,
} from '../../analysis/severity.ts';

test.each([
  ['ERROR', 'error'],
  ['warn', 'warning'],
  ['Informational', 'info'],
  ['FATAL', 'critical'],
  ['trace', 'debug'],
  ['emerg', 'emergency'],
  ['hello', undefined],
  ['', undefined],
])('the word %s', (word, severity) => {
  expect(severityOfWord(word)).toBe(severity);
});

test.each([
  [3, 'error'],
  ['3', 'error'],
  [50, 'error'],
  [60, 'critical'],
  [30, 'info'],
  ['E', 'error'],
  ['warn', 'warning'],
  [-1, undefined],
  [4000, undefined],
  [true, undefined],
  [null, undefined],
])('the field %s', (value, severity) => {
  expect(severityOfField(value)).toBe(severity);
});

test('priorities and OpenTelemetry numbers', () => {
  expect(severityOfPriority(165)).toBe('notice');
  expect(severityOfPriority(192)).toBeUndefined();
  expect([1, 9, 13, 17, 21, 25].map(severityOfOpenTelemetry)).toEqual(['debug', 'info', 'warning', 'error', 'critical', undefined]);
});

test('severities compare', () => {
  expect(isAtLeast('critical', 'error')).toBe(true);
  expect(isAtLeast('error', 'error')).toBe(true);
  expect(isAtLeast('info', 'warning')).toBe(false);
});

test.each([
  ['request failed with status 500', 'error'],
  ['warning: low disk', 'warning'],
  ['Out of memory: killed process 5', 'critical'],
  ['panic: runtime error', 'critical'],
  ['finished without error', undefined],
  ['0 errors found', undefined],
  ['error: none', undefined],
  ['errors=0 retries=0', undefined],
  ['no failure seen', undefined],
  ['listening on port 80', undefined],
])('%s', (message, severity) => {
  expect(severityOfMessage(message)).toBe(severity);
});

test.each([
  ['created /etc/errors.conf', undefined],
  ['Command line: root=/dev/sda1 quiet panic=10', undefined],
  ['dump done, error count 0', undefined],
  ['error page templates installed, one failed', 'error'],
  ['Correctable Errors collector initialized', undefined],
  ['read failed/retried', 'error'],
  ['10.0.0.9 "GET /error HTTP/1.1" 404 12', undefined],
  ['%LINK-3-UPDOWN: Interface Gi0/1, changed state to down', 'error'],
  ['%SYS-5-CONFIG_I: Configured from console, no error', 'notice'],
])('names are no failures: %s', (message, severity) => {
  expect(severityOfMessage(message)).toBe(severity);
});
