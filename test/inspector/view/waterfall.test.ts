import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { viewComparison } from '../../../src/inspector/view/view-comparison.ts';
import { waterfallOf } from '../../../src/inspector/view/waterfall.ts';
import type { WaterfallView } from '../../../src/inspector/view/compare-view.ts';
import { anyRun } from '../../explain/made-runs.ts';

function waterfall(before: number, after: number, changes: readonly number[]): WaterfallView | undefined {
  const total = { name: 'the run', before, after, change: after - before, ratio: after / before };
  return waterfallOf(
    [total],
    changes.map((changeMs, at) => ({ text: `t${at}`, changeMs, key: `t${at}` })),
  );
}

it('leads from one duration to the other, change by change', () => {
  const { bars } = waterfall(8000, 8600, [1000, -300])!;
  expect(bars.map(({ label, fromMs, toMs }) => `${label}: ${fromMs} to ${toMs}`)).toEqual([
    'before: 0 to 8000',
    't0: 8000 to 9000',
    't1: 9000 to 8700',
    'all smaller changes: 8700 to 8600',
    'this run: 0 to 8600',
  ]);
});

it('shows the part of the axis on which something changed', () => {
  expect(waterfall(8000, 9000, [1000])).toMatchObject({ fromMs: 7700, toMs: 9100 });
  expect(waterfall(100, 1000, [900])).toMatchObject({ fromMs: 0 });
});

it('is none where it is not known what the change comes from', () => {
  expect(waterfall(8000, 9000, [])).toBeUndefined();
  expect(waterfallOf([], [{ text: 't', changeMs: 1000 }])).toBeUndefined();
});

it('ends where the run ends, whatever the runs are', () => {
  fc.assert(
    fc.property(anyRun({ whole: true }), anyRun({ whole: true }), (one, two) => {
      const bars = viewComparison(one, two).waterfall?.bars;
      if (!bars) return;
      expect(bars.at(-2)!.toMs).toBeCloseTo(bars.at(-1)!.toMs, 0);
      for (const [at, bar] of bars.slice(1, -1).entries()) expect(bar.fromMs).toBe(bars[at]!.toMs);
    }),
  );
});
