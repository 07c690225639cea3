import { expect, it } from 'vitest';
import type { Explanation } from '../../../src/explain/explain-run.ts';
import { whatIfRows } from '../../../src/inspector/view/what-if-rows.ts';

function rows(whatIf: Partial<Explanation['whatIf']>): string[] {
  const parallelism = { workMs: 1000, busyMs: 1000, achieved: 1, peak: 4, idleMs: 0 };
  const measured = { readyMs: 1000, widths: [], withoutRetries: [], ...whatIf };
  return whatIfRows({ whatIf: measured, parallelism }, 1000).map(
    ({ text, ms, changeMs }) => `${text}: ${ms} (${changeMs})`,
  );
}

it('tells how long the run would have taken, and how much that is less or more', () => {
  const widths = [2, 4, 8].map((width) => ({ width, ms: 2400 / width }));
  const withoutRetries = [{ toolId: 'rank', iteration: 1, savesMs: 200 }];
  expect(rows({ readyMs: 700, widths, withoutRetries })).toEqual([
    'each step as soon as what it needs has ended: 700 (-300)',
    '2 steps at once instead of 4: 1600 (600)',
    '8 steps at once instead of 4: 700 (-300)',
    'rank successful at the first attempt: 800 (-200)',
  ]);
});

it('leaves out what is no line in a report either: less than five percent', () => {
  expect(rows({ readyMs: 951, withoutRetries: [{ toolId: 'rank', iteration: 1, savesMs: 49 }] })).toEqual([]);
});

it('says nothing of dependencies where the critical path is not known', () => {
  expect(rows({ readyMs: undefined })).toEqual([]);
});
