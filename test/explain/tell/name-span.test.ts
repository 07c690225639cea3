import { expect, it } from 'vitest';
import { nameSpan } from '../../../src/explain/tell/name-span.ts';

it.each([
  ['GET', { 'url.path': '/sizes', 'http.response.status_code': 200 }, 'GET /sizes 200'],
  ['GET', { 'url.full': 'https://example.test/a?b=1' }, 'GET /a'],
  ['GET', { 'url.full': 'no url' }, 'GET'],
  ['GET /sizes', { 'url.path': '/sizes' }, 'GET /sizes'],
  ['SELECT orders', { 'db.system.name': 'postgresql' }, 'SELECT orders'],
  ['odd', { 'url.path': 7, 'http.response.status_code': 'no number' }, 'odd'],
])('names %s with %o', (name, attributes: Record<string, unknown>, expected) => {
  expect(nameSpan(name, (key) => attributes[key])).toBe(expected);
});
