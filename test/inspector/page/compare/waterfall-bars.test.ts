import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { waterfallOf } from '../../../../src/inspector/page/compare/waterfall-bars.ts';
import type { CompareView } from '../../../../src/inspector/view/compare-view.ts';
import { viewComparison } from '../../../../src/inspector/view/view-comparison.ts';
import { anyRun } from '../../../explain/made-runs.ts';

function comparison(before: number, after: number, changes: readonly number[], restMs = 0): CompareView {
  const run = { kind: 'run', traceId: '0'.repeat(32), runSpanId: '', startedAtMs: 0, durationMs: before } as const;
  return {
    summary: '',
    before: run,
    after: run,
    totals: [{ name: 'the run', before, after, change: after - before, ratio: after / before }],
    shares: changes.map((changeMs, at) => ({ text: `t${at}`, changeMs, key: `t${at}` })),
    restMs,
    planChanges: [],
    limits: [],
    steps: [],
    materialMs: 1,
  };
}

it('leads from one duration to the other, change by change', () => {
  const { bars } = waterfallOf(comparison(8000, 8600, [1000, -300], -100))!;
  expect(bars.map(({ label, fromMs, toMs }) => `${label}: ${fromMs} to ${toMs}`)).toEqual([
    'before: 0 to 8000',
    't0: 8000 to 9000',
    't1: 9000 to 8700',
    'all smaller changes: 8700 to 8600',
    'this run: 0 to 8600',
  ]);
});

it('shows the part of the axis on which something changed', () => {
  expect(waterfallOf(comparison(8000, 9000, [1000]))).toMatchObject({ fromMs: 7700, toMs: 9100 });
  expect(waterfallOf(comparison(100, 1000, [900]))).toMatchObject({ fromMs: 0 });
});

it('is none where it is not known what the change comes from', () => {
  expect(waterfallOf(comparison(8000, 9000, []))).toBeUndefined();
  expect(waterfallOf({ ...comparison(8000, 9000, [1000]), totals: [] })).toBeUndefined();
});

it('ends where the run ends, whatever the runs are', () => {
  fc.assert(
    fc.property(anyRun({ whole: true }), anyRun({ whole: true }), (one, two) => {
      const view = viewComparison(one, two);
      const bars = waterfallOf(view)?.bars;
      if (!bars) return;
      expect(bars.at(-2)!.toMs).toBeCloseTo(bars.at(-1)!.toMs, 0);
      for (const [at, bar] of bars.slice(1, -1).entries()) expect(bar.fromMs).toBe(bars[at]!.toMs);
    }),
  );
});
