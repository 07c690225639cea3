import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeScale, type TimeSpan } from '../../../src/inspector/scene/time-scale.ts';

const PIXELS = { from: 10, to: 1010 };

/** A window, and folds that lie anywhere about it, in order. */
const cases = fc
  .record({
    fromMs: fc.integer({ min: -1_000, max: 100_000 }),
    lengthMs: fc.integer({ min: 1, max: 1_000_000 }),
    cuts: fc.array(fc.integer({ min: -5_000, max: 1_200_000 }), { maxLength: 12 }),
  })
  .map(({ fromMs, lengthMs, cuts }) => {
    const at = [...new Set(cuts)].toSorted((a, b) => a - b);
    const folds = Array.from({ length: Math.floor(at.length / 2) }, (_, index) => ({
      fromMs: at[2 * index]!,
      toMs: at[2 * index + 1]!,
    }));
    return { window: { fromMs, toMs: fromMs + lengthMs }, folds };
  });
const moments = fc.array(fc.double({ min: -10_000, max: 1_500_000, noNaN: true }), { minLength: 2, maxLength: 20 });

describe('the time scale', () => {
  it('is computed by hand', () => {
    // 10 s, of which 3 s and 3 s are folded to 22 pixels each: 1000 - 44 = 956 pixels for 4 s.
    const scale = new TimeScale({ fromMs: 0, toMs: 10_000 }, { from: 0, to: 1000 }, [
      { fromMs: 2_000, toMs: 5_000 },
      { fromMs: 6_000, toMs: 9_000 },
    ]);
    expect(scale.pixelsPerMs).toBeCloseTo(0.239);
    expect([0, 2_000, 3_500, 5_000, 6_000, 10_000].map((ms) => scale.x(ms))).toEqual([0, 478, 489, 500, 739, 1000]);
  });

  it('fills the pixels with the window, whatever is folded', () => {
    fc.assert(
      fc.property(cases, ({ window, folds }) => {
        const scale = new TimeScale(window, PIXELS, folds);
        expect(scale.x(window.fromMs)).toBeCloseTo(PIXELS.from, 3);
        expect(scale.x(window.toMs)).toBeCloseTo(PIXELS.to, 3);
      }),
    );
  });

  it('never goes back, and finds each time again', () => {
    fc.assert(
      fc.property(cases, moments, ({ window, folds }, moments) => {
        const scale = new TimeScale(window, PIXELS, folds);
        const xs = moments.toSorted((a, b) => a - b).map((ms) => scale.x(ms));
        for (const [at, x] of xs.slice(1).entries()) expect(x).toBeGreaterThanOrEqual(xs[at]!);
        // A pixel of a fold may be hours: compared where it is seen.
        for (const ms of moments) expect(scale.x(scale.ms(scale.x(ms)))).toBeCloseTo(scale.x(ms), 3);
      }),
    );
  });

  it('has one scale wherever nothing is folded', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 0, max: 1_000_000 }), ({ window, folds }, ms) => {
        const scale = new TimeScale(window, PIXELS, folds);
        const isFolded = ({ fromMs, toMs }: TimeSpan): boolean => fromMs < ms + 1 && ms < toMs;
        fc.pre(!folds.some(isFolded));
        expect(scale.x(ms + 1) - scale.x(ms)).toBeCloseTo(scale.pixelsPerMs, 3);
      }),
    );
  });

  it('folds nothing where nothing but folds would be seen', () => {
    const folds = [{ fromMs: 1_000, toMs: 9_000 }];
    expect(new TimeScale({ fromMs: 2_000, toMs: 8_000 }, PIXELS, folds).folds(PIXELS)).toEqual([]);
    expect(new TimeScale({ fromMs: 0, toMs: 10_000 }, PIXELS, folds).folds(PIXELS)).toHaveLength(1);
  });

  it('leaves half of the pixels to what is not folded', () => {
    const folds = Array.from({ length: 20 }, (_, at) => ({ fromMs: at * 100 + 10, toMs: at * 100 + 90 }));
    const pixels = { from: 0, to: 200 };
    const scale = new TimeScale({ fromMs: 0, toMs: 2_000 }, pixels, folds);
    expect(scale.folds(pixels).reduce((sum, { width }) => sum + width, 0)).toBeCloseTo(100);
  });
});

describe('ticks', () => {
  /** The window with some room beside it. */
  const PLOT = { from: -50, to: 1070 };
  const labels = (fromMs: number, toMs: number, folds: TimeSpan[] = []): string[] =>
    new TimeScale({ fromMs, toMs }, PIXELS, folds).ticks(PLOT).map(({ label }) => label);

  it.each([
    [0, 900, '0', '100 ms', '200 ms'],
    [0, 3_000, '0', '0.5 s', '1.0 s'],
    [1_234, 1_236, '1.2340 s', '1.2342 s', '1.2344 s'],
    [0, 0.004, '0', '0.001 ms', '0.002 ms'],
    [0, 150_000, '0', '15 s', '30 s'],
    [3_600_000, 3_720_000, '1 h', '1 h 30 s', '1 h 1 min'],
    [-200, 1_800, '-0.2 s', '0', '0.2 s'],
    [0, 1e9, '0', '24 h', '48 h'],
  ])('from %d to %d ms are in one unit, as exact as they need to be', (fromMs, toMs, ...first) => {
    expect(labels(fromMs, toMs).slice(0, 3)).toEqual(first);
  });

  it('are as far apart as their labels need, at round times, each once', () => {
    fc.assert(
      fc.property(cases, ({ window, folds }) => {
        const scale = new TimeScale(window, PIXELS, folds);
        const ticks = scale.ticks(PLOT);
        expect(ticks.length).toBeLessThan(25);
        expect(new Set(ticks.map(({ label }) => label)).size).toBe(ticks.length);
        for (const [at, { x, ms, label }] of ticks.entries()) {
          expect(x).toBeCloseTo(scale.x(ms), 3);
          const before = ticks[at - 1];
          if (before) expect(x - before.x).toBeGreaterThan(((label.length + before.label.length) / 2) * 6);
        }
      }),
    );
  });

  it('are left out where their labels would be cut', () => {
    const ticks = new TimeScale({ fromMs: 100, toMs: 900 }, PIXELS).ticks(PIXELS);
    expect(ticks.map(({ label }) => label)).toEqual([200, 300, 400, 500, 600, 700, 800].map((ms) => `${ms} ms`));
  });

  it('stay away from folds and their labels', () => {
    const folds = [{ fromMs: 2_000, toMs: 9_000_000 }];
    const scale = new TimeScale({ fromMs: 0, toMs: 9_003_000 }, PIXELS, folds);
    const [fold] = scale.folds(PIXELS);
    for (const { x } of scale.ticks(PIXELS)) expect(Math.abs(x - fold!.x)).toBeGreaterThan(40);
    expect(scale.ticks(PIXELS).length).toBeGreaterThan(2);
  });
});
