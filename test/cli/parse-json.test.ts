import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { findJsonFault } from '../../src/cli/parse-json.ts';

it.each([
  ['', 1, 1, 'a value'],
  ['{', 1, 2, 'a key in double quotes or }'],
  ["{'a': 1}", 1, 2, 'a key in double quotes or }'],
  ['{"a" 1}', 1, 6, 'a colon'],
  ['{"a": 1,\n  }', 2, 3, 'a key in double quotes'],
  ['{"a": 1\n  "b": 2}', 2, 3, 'a comma or }'],
  ['[1, 2', 1, 6, 'a comma or ]'],
  ['[1,,2]', 1, 4, 'a value'],
  ['[tru]', 1, 2, 'a value or ]'],
  ['[01]', 1, 3, 'a comma or ]'],
  ['{} {}', 1, 4, 'nothing more'],
  ['["a\tb"]', 1, 4, 'a character of a string, an escape that JSON knows, or its closing quote'],
  [String.raw`["\x"]`, 1, 3, 'a character of a string, an escape that JSON knows, or its closing quote'],
  ['["👩x", nil]', 1, 9, 'a value'],
])('%j stops being JSON at %i:%i', (text, line, column, expected) => {
  expect(findJsonFault(text)).toMatchObject({ line, column, expected });
});

it.each([
  ['{"a": "b', 'a string'],
  ['[{"a', 'a string'],
  ['{"a": 1,\n', 'an object'],
  ['{"a"', 'an object'],
  ['{"a": [1, ', 'a list'],
  ['["a\n', undefined],
  ['[1 2', undefined],
  ['', undefined],
])('%j ends in the middle of %s', (text, endsIn) => {
  expect(findJsonFault(text)?.endsIn).toBe(endsIn);
});

it('finds a fault in just what JSON.parse refuses', () => {
  const noise = fc.string({ unit: fc.constantFrom(...Array.from('{}[]:,"\\ \ntruefalsn0123.eE+-u')) });
  const spoilt = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '{', ']', '\\', '0'))
    .map(([json, at, text]) => {
      const place = at % (json.length + 1);
      return json.slice(0, place) + text + json.slice(place + 1);
    });
  fc.assert(
    fc.property(fc.oneof(noise, fc.json(), spoilt), (text) => {
      expect(findJsonFault(text) === undefined).toBe(parses(text));
    }),
    { numRuns: 2000 },
  );
});

it('takes strings and depths that would fill the stack', () => {
  expect(findJsonFault(`["${'a'.repeat(1e7)}${String.raw`\n`.repeat(1e6)}"]`)).toBeUndefined();
  expect(findJsonFault('['.repeat(1e6))).toMatchObject({ line: 1, column: 1e6 + 1 });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
