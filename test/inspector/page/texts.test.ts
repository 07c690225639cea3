import { describe, expect, it } from 'vitest';
import {
  formatAgo,
  formatBytes,
  formatInstant,
  formatLonger,
  safeUrl,
  showText,
} from '../../../src/inspector/page/ui/texts.ts';

const MINUTE_MS = 60_000;

describe('formatAgo', () => {
  it('says how long it is since', () => {
    const ages = [0, 12_000, 5 * MINUTE_MS, 150 * MINUTE_MS, 30 * 60 * MINUTE_MS, 72 * 60 * MINUTE_MS];
    expect(ages.map(formatAgo)).toEqual(['just now', '12 s ago', '5 min ago', '2 h ago', 'yesterday', '3 days ago']);
  });

  it('takes a start in the future, by another clock, for now', () => {
    expect(formatAgo(-MINUTE_MS)).toBe('just now');
  });
});

describe('formatInstant', () => {
  it('is the time of the reader, to the second', () => {
    const atMs = new Date(2026, 10, 7, 5, 3, 9).getTime();
    expect(formatInstant(atMs)).toBe('2026-11-07 05:03:09');
  });
});

describe('formatLonger', () => {
  it('is silent about what is not longer by much', () => {
    expect(formatLonger(140, 100)).toBeUndefined();
    expect(formatLonger(100, 0)).toBeUndefined();
  });

  it('says how many times as long it is', () => {
    expect(formatLonger(310, 100)).toBe('3.1 times as long as usual');
    expect(formatLonger(123_456, 100)).toBe('1,235 times as long as usual');
  });
});

describe('formatBytes', () => {
  it('has a unit that suits', () => {
    expect([264, 4200, 3_500_000].map(formatBytes)).toEqual(['264 bytes', '4.1 KiB', '3.3 MiB']);
  });
});

describe('showText', () => {
  it('writes out what nobody would see, and keeps lines', () => {
    expect(showText('a\u202Eb\u0000\n\tc')).toBe(String.raw`a\u202eb\x00` + '\n\tc');
  });
});

describe('safeUrl', () => {
  it('lets pages pass, and nothing that runs', () => {
    expect(safeUrl('https://logs.example/?q=1')).toBe('https://logs.example/?q=1');
    expect(safeUrl('HTTP://127.0.0.1:16686/trace/1')).toBe('HTTP://127.0.0.1:16686/trace/1');
    for (const url of [
      'javascript:alert(1)',
      'data:text/html,x',
      ' https://a',
      '//a.example',
      'https://',
      'file:///etc',
    ])
      expect(safeUrl(url)).toBeUndefined();
  });
});
