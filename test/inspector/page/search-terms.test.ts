import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseSearch } from '../../../src/inspector/page/search-terms.ts';

it('reads words, quotes and attributes', () => {
  expect(parseSearch('Timeout http.method=GET "not found"')).toEqual([
    { word: 'timeout' },
    { key: 'http.method', value: 'get' },
    { word: 'not found' },
  ]);
  expect(parseSearch('url.full="a b" c')).toEqual([{ key: 'url.full', value: 'a b' }, { word: 'c' }]);
});

it('reads what is not finished yet', () => {
  expect(parseSearch('"not fo')).toEqual([{ word: 'not fo' }]);
  expect(parseSearch('http.method=')).toEqual([{ key: 'http.method', value: '' }]);
  expect(parseSearch(' "" ')).toEqual([]);
});

it('takes a second equals sign as a part of the value', () => {
  expect(parseSearch('query=a=b')).toEqual([{ key: 'query', value: 'a=b' }]);
});

it('never fails, and finds nothing to search for in white space', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseSearch(text)));
  expect(parseSearch(' \t\n')).toEqual([]);
});
