import { expect, it } from 'vitest';
import { groupRows } from '../../../../src/inspector/page/report/group-rows.ts';
import type { GroupView } from '../../../../src/inspector/view/run-view.ts';
import { type MadeStep, madeView } from '../../made-views.ts';

const group = (groupIndex: number, declared: number, peak: number): GroupView => {
  return { groupIndex, isParallel: declared > 1, parallelism: { declared, peak, achieved: peak } };
};
const steps: MadeStep[] = [
  { toolId: 'a', group: 0 },
  { toolId: 'b', group: 0 },
  { toolId: 'c', group: 1 },
  { toolId: 'd', group: 1 },
  { toolId: 'e', group: 2 },
  { toolId: 'f', group: 2, state: 'skip' },
  { toolId: 'g', group: 3 },
  { toolId: 'h', group: 4 },
];

it('has the groups that are or were wide, those first of which several steps ran one after the other', () => {
  const groups = [group(0, 2, 2), group(1, 2, 1), group(2, 2, 1), group(3, 1, 1), { groupIndex: 4, isParallel: true }];
  expect(groupRows(madeView({ steps, groups })).map(({ index, isSerialised }) => [index, isSerialised])).toEqual([
    [1, true],
    [0, false],
    // Of its two steps one was skipped.
    [2, false],
  ]);
});

it('has a group that was wider than declared, and none that took too short a time to tell', () => {
  const groups = [group(0, 1, 3), group(1, 2, 0)];
  expect(groupRows(madeView({ steps: steps.slice(0, 4), groups })).map(({ index }) => index)).toEqual([0]);
});
