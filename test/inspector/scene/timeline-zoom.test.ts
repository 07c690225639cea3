import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeScale } from '../../../src/inspector/scene/time-scale.ts';
import { formatZoom, keepWithin, panBy, parseZoom, zoomAt } from '../../../src/inspector/scene/timeline-zoom.ts';

const EXTENT = { fromMs: 0, toMs: 10_000 };
const PIXELS = { from: 10, to: 1010 };
const windows = fc
  .tuple(fc.double({ min: 0, max: 9_000, noNaN: true }), fc.double({ min: 1, max: 1_000, noNaN: true }))
  .map(([fromMs, ms]) => ({ fromMs, toMs: fromMs + ms }));

describe('the zoom in the address', () => {
  it('is read as it was written, as exact as can be seen', () => {
    fc.assert(
      fc.property(windows, (window) => {
        const read = parseZoom(formatZoom(window))!;
        const precision = (window.toMs - window.fromMs) / 1000;
        expect(Math.abs(read.fromMs - window.fromMs)).toBeLessThanOrEqual(precision);
        expect(Math.abs(read.toMs - window.toMs)).toBeLessThanOrEqual(precision);
      }),
    );
    expect(formatZoom({ fromMs: -1.23456, toMs: 10_000 })).toBe('-1-10000');
    expect(parseZoom('-1-10000')).toEqual({ fromMs: -1, toMs: 10_000 });
    expect(formatZoom({ fromMs: 5, toMs: 5.002 })).toBe('5-5.002');
  });

  it.each(['', 'x', '5', '9-5', '5-5', '1e3-1e4', '1-2-3', ' 1-2', 'NaN-5', '-'])(
    'is none where it says %j',
    (text) => {
      expect(parseZoom(text)).toBeUndefined();
    },
  );
});

describe('zooming', () => {
  it('leaves the time at the pointer where it is', () => {
    const folds = [{ fromMs: 3_000, toMs: 6_000 }];
    const x = fc.integer({ min: 200, max: 800 });
    fc.assert(
      fc.property(
        x,
        fc.double({ min: 0.5, max: 0.99, noNaN: true }),
        fc.constantFrom([], folds),
        (x, factor, folds) => {
          const scale = new TimeScale(EXTENT, PIXELS, folds);
          const at = scale.ms(x);
          const zoomed = new TimeScale(zoomAt(scale, x, factor, EXTENT, folds), PIXELS, folds);
          // Where the edge of a fold comes in or goes out, the scale changes a little once more.
          expect(Math.abs(zoomed.x(at) - x)).toBeLessThan(folds.length > 0 ? 30 : 0.01);
        },
      ),
    );
  });

  it('shows no more than there is, and no less than a trace can tell', () => {
    const all = new TimeScale(EXTENT, PIXELS);
    expect(zoomAt(all, 100, 2, EXTENT, [])).toEqual(EXTENT);
    const least = new TimeScale({ fromMs: 5, toMs: 5.0015 }, PIXELS);
    expect(zoomAt(least, 500, 0.5, EXTENT, [])).toBe(least.window);
  });

  it('and moving keep the scale until an end is reached', () => {
    const scale = new TimeScale({ fromMs: 1_000, toMs: 2_000 }, PIXELS);
    expect(panBy(scale, 500, EXTENT)).toEqual({ fromMs: 1_500, toMs: 2_500 });
    expect(panBy(scale, -5_000, EXTENT)).toEqual({ fromMs: 0, toMs: 1_000 });
    expect(panBy(scale, 50_000, EXTENT)).toEqual({ fromMs: 9_000, toMs: 10_000 });
  });

  it('stays within the extent', () => {
    expect(keepWithin({ fromMs: -500, toMs: 500 }, EXTENT)).toEqual({ fromMs: 0, toMs: 1_000 });
    expect(keepWithin({ fromMs: -500, toMs: 50_000 }, EXTENT)).toEqual(EXTENT);
  });
});
