import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/cli/nearest.ts';
import { terminalHasColor, terminalWidth } from '../../src/cli/terminal.ts';
import {
  cutText,
  escapeJson,
  escapeText,
  fitText,
  formatBytes,
  widthOf,
  wrapText,
} from '../../src/cli/terminal-text.ts';
import { formatDuration } from '../../src/explain/format.ts';

describe('escaping', () => {
  it.each([
    ['plain text, ünïcödé and 查詢 👩‍👩‍👧', 'plain text, ünïcödé and 查詢 👩‍👩‍👧'],
    ['\x1b[2J', String.raw`\x1b[2J`],
    ['a\nb\tc\rd', String.raw`a\nb\tc\x0dd`],
    ['\x7f\x9b', String.raw`\x7f\x9b`],
    ['\u202egnp.exe', String.raw`\u202egnp.exe`],
    ['\u2028\u200b\ufeff', String.raw`\u2028\u200b\ufeff`],
    ['\u{e0041}', String.raw`\u{e0041}`],
    ['\ud800', String.raw`\ud800`],
  ])('%j', (text, escaped) => {
    expect(escapeText(text)).toBe(escaped);
  });
});

describe('columns', () => {
  it.each([
    ['abc', 3],
    ['查詢', 4],
    ['ｆｕｌｌ', 8],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['🇩🇪', 2],
    ['─█✓…', 4],
    ['', 0],
  ])('%s takes %i', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  it('cuts and fills by columns, never within a character', () => {
    expect(cutText('abcdef', 6)).toBe('abcdef');
    expect(cutText('abcdef', 5)).toBe('abcd…');
    expect(cutText('查詢查詢', 4)).toBe('查…');
    expect(cutText('abc', 0)).toBe('');
    expect(fitText('查', 4)).toBe('查  ');
    expect(fitText('ab', 4, 'right')).toBe('  ab');
  });

  it('wraps at spaces, else anywhere, and cuts what is left', () => {
    expect(wrapText('one two three', 8, 9)).toEqual(['one two', 'three']);
    expect(wrapText('x'.repeat(10), 4, 9)).toEqual(['xxxx', 'xxxx', 'xx']);
    expect(wrapText('one two three four', 8, 2)).toEqual(['one two', 'three f…']);
    expect(wrapText('', 8, 2)).toEqual(['']);
    expect(wrapText('abc𐀀', 3, 9)).toEqual(['abc', '𐀀']);
    expect(wrapText('ab查', 3, 9)).toEqual(['ab', '查']);
  });
});

it.each([
  [0, '0 ms'],
  [0.01, '<0.1 ms'],
  [0.42, '0.4 ms'],
  [9.94, '9.9 ms'],
  [9.96, '10 ms'],
  [999.4, '999 ms'],
  [999.6, '1.00 s'],
  [1234, '1.23 s'],
  [12_345, '12.3 s'],
  [59_949, '59.9 s'],
  [59_951, '1 min 0 s'],
  [123_400, '2 min 3 s'],
  [3_599_600, '1 h 0 min'],
  [3_720_000, '1 h 2 min'],
])('%d milliseconds are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [1023, '1023 bytes'],
  [1024, '1.0 KiB'],
  [5 * 1024 ** 2, '5.0 MiB'],
  [2 * 1024 ** 5, '2048.0 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  ['demo', 'demo'],
  ['dmeo', 'demo'],
  ['dem', 'demo'],
  ['demoo', 'demo'],
  ['compre', 'compare'],
  ['insp', 'inspect'],
  ['xyz', undefined],
  ['d', undefined],
  ['', undefined],
])('%s most likely means %s', (given, expected) => {
  expect(nearest(given, ['demo', 'compare', 'inspect', 'run'])).toBe(expected);
});

it.each([
  [{}, 90, 90],
  [{}, undefined, 100],
  [{}, 300, 120],
  [{}, 10, 40],
  [{ COLUMNS: '80' }, 110, 80],
  [{ COLUMNS: 'wide' }, 110, 110],
])('with %o and %s columns it writes for %i', (env, columns, expected) => {
  expect(terminalWidth({ columns } as NodeJS.WriteStream, env)).toBe(expected);
});

it.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
])('with %o on a terminal (%s) there is colour: %s', (env, isTTY, expected) => {
  expect(terminalHasColor({ isTTY, hasColors: () => true } as unknown as NodeJS.WriteStream, env)).toBe(expected);
});

describe('JSON for a terminal', () => {
  it('has what a terminal would act on as escapes', () => {
    const text = 'a\u009b2J\u202eb\u2028\u{e0041}\u007f\n\x1bü🙂';
    expect(escapeJson(JSON.stringify([text], undefined, 2))).toBe(
      String.raw`[
  "a\u009b2J\u202eb\u2028\udb40\udc41\u007f\n\u001bü🙂"
]`,
    );
  });

  it('is the same JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.stringify(value, undefined, 2);
        expect(JSON.parse(escapeJson(json))).toEqual(JSON.parse(json));
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = escapeJson(JSON.stringify(text));
        expect(JSON.parse(json)).toBe(text);
        expect(escapeText(json)).toBe(json);
      }),
    );
  });
});
