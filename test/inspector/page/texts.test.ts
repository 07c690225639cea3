import { describe, expect, it } from 'vitest';
import {
  formatAgo,
  formatBytes,
  formatInstant,
  formatInstants,
  formatLonger,
  formatVersion,
  safeUrl,
  showPlan,
  showSentence,
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
  const AT_MS = Date.UTC(2026, 10, 7, 5, 3, 9);

  it('is the time of the reader, to the second, with its zone', () => {
    expect(formatInstant(new Date(2026, 10, 7, 5, 3, 9).getTime())).toMatch(/^2026-11-07 05:03:09 UTC/);
    const inZone = (minutes: number): string => formatInstant(AT_MS, minutes);
    expect([0, 60, -330, -30, 345].map(inZone)).toEqual([
      '2026-11-07 05:03:09 UTC',
      '2026-11-07 06:03:09 UTC+1',
      '2026-11-06 23:33:09 UTC-5:30',
      '2026-11-07 04:33:09 UTC-0:30',
      '2026-11-07 10:48:09 UTC+5:45',
    ]);
  });

  it('is told in UTC as well, where that is another time', () => {
    const lines = formatInstants(AT_MS).split('\n');
    expect(lines.at(-1)).toBe('2026-11-07 05:03:09 UTC');
    expect(lines).toHaveLength(new Date(AT_MS).getTimezoneOffset() === 0 ? 1 : 2);
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

describe('showSentence', () => {
  it('keeps a number and its percent sign in one line', () => {
    expect(showSentence('rank took 40 ms (58 % of it)')).toBe('rank took 40 ms (58\u00A0% of it)');
  });
});

describe('names', () => {
  it('are there for runs without a plan, and versions say that they are one', () => {
    expect([undefined, '', 'a\u202Eb'].map(showPlan)).toEqual(['unnamed run', 'unnamed run', String.raw`a\u202eb`]);
    expect(['1.4.0', 'v2', 'a1b2c3'].map(formatVersion)).toEqual(['v1.4.0', 'v2', 'a1b2c3']);
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
