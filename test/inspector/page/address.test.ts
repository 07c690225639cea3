import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, NOTHING, parseAddress, type Shown } from '../../../src/inspector/page/address.ts';

const TRACE = 'ab'.repeat(16);

const at = (address: string): URL => new URL(address, 'http://127.0.0.1:4319');

/** Anything that may be shown. */
const shownThings: fc.Arbitrary<Shown> = fc
  .record({
    ...Object.fromEntries(Object.keys(NOTHING).map((name) => [name, fc.string({ unit: 'grapheme' })])),
    traceId: fc.constantFrom('', TRACE, 'abcdef', '/nothing/here'),
    view: fc.constantFrom('timeline', 'graph', 'report'),
  })
  .map((shown) => ({ ...NOTHING, ...shown }));

describe('formatAddress', () => {
  it('writes everything so that parseAddress reads the same', () => {
    fc.assert(
      fc.property(shownThings, (shown) => {
        expect(parseAddress(at(formatAddress(shown, false)), false)).toStrictEqual(shown);
        const saved = { ...shown, traceId: 'file' };
        const file = new URL(formatAddress(saved, true), 'file:///tmp/run.html');
        expect(parseAddress(file, true)).toStrictEqual(saved);
        expect(file.pathname).toBe('/tmp/run.html');
      }),
    );
  });

  it('leaves out what is as it is at first', () => {
    expect(formatAddress(NOTHING, false)).toBe('/');
    expect(formatAddress({ ...NOTHING, traceId: TRACE }, false)).toBe(`/run/${TRACE}`);
    expect(formatAddress({ ...NOTHING, traceId: TRACE, view: 'graph', selected: 'step:a b' }, false)).toBe(
      `/run/${TRACE}?view=graph&selected=step%3Aa+b`,
    );
  });
});

describe('parseAddress', () => {
  it('shows the timeline where there is no such view', () => {
    expect(parseAddress(at(`/run/${TRACE}?view=pie`), false).view).toBe('timeline');
  });

  it('says of any other path that there is nothing', () => {
    for (const path of ['/run/', '/run/abc', `/runs/${TRACE}`, `/run/${TRACE}/more`])
      expect(parseAddress(at(path), false).traceId).toBe(path);
  });

  it('compares nothing in a saved file', () => {
    expect(parseAddress(new URL('file:///tmp/run.html#view=compare'), true).view).toBe('timeline');
  });

  it('takes a trace id in capitals, and no parameter for one', () => {
    expect(parseAddress(at(`/run/${TRACE.toUpperCase()}`), false).traceId).toBe(TRACE);
    expect(parseAddress(at(`/?traceId=${TRACE}`), false).traceId).toBe('');
  });
});
