import { expect, it } from 'vitest';
import { whatIfRows } from '../../../../src/inspector/page/report/what-if-rows.ts';
import type { RunView } from '../../../../src/inspector/view/run-view.ts';
import { madeView } from '../../made-views.ts';

const path = { steps: [0], ms: 700 };

function rows(whatIf: Partial<RunView['explanation']['whatIf']>, given: Partial<RunView> = {}): string[] {
  const view = madeView({ durationMs: 1000, steps: [{ toolId: 'rank' }] });
  const { explanation } = view;
  const parallelism = { ...explanation.parallelism, peak: 4 };
  const changed = { ...explanation, parallelism, whatIf: { readyMs: 1000, widths: [], withoutRetries: [], ...whatIf } };
  return whatIfRows({ ...view, ...given, explanation: changed }).map(
    ({ text, ms, changeMs }) => `${text}: ${ms} (${changeMs})`,
  );
}

it('tells how long the run would have taken, and how much that is less or more', () => {
  const widths = [2, 4, 8].map((width) => ({ width, ms: 2400 / width }));
  const withoutRetries = [{ toolId: 'rank', iteration: 1, savesMs: 200 }];
  expect(rows({ readyMs: 700, widths, withoutRetries }, { criticalPath: path })).toEqual([
    'each step as soon as what it needs has ended: 700 (-300)',
    '2 steps at once instead of 4: 1600 (600)',
    '8 steps at once instead of 4: 700 (-300)',
    'rank successful at the first attempt: 800 (-200)',
  ]);
});

it('leaves out what would change less than one percent', () => {
  expect(
    rows({ readyMs: 991, withoutRetries: [{ toolId: 'rank', iteration: 1, savesMs: 9 }] }, { criticalPath: path }),
  ).toEqual([]);
});

it('says nothing of dependencies where the critical path is not known', () => {
  expect(rows({ readyMs: 500 })).toEqual([]);
});
