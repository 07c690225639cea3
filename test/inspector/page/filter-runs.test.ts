import { describe, expect, it } from 'vitest';
import { NOTHING } from '../../../src/inspector/page/address.ts';
import { choicesOf, filterRuns } from '../../../src/inspector/page/run-list/filter-runs.ts';
import type { RunRow } from '../../../src/inspector/view/run-view.ts';

function row(given: Partial<RunRow>): RunRow {
  return {
    traceId: 'a'.repeat(32),
    runSpanId: 'b'.repeat(16),
    planName: 'nightly',
    strategy: 'dag',
    state: 'ended',
    outcome: 'success',
    startedAtMs: 0,
    services: [{ name: 'worker', version: '1.0' }],
    spans: 1,
    ...given,
  };
}

const RUNS = [
  row({}),
  row({
    outcome: 'failure',
    services: [{ name: 'worker', version: '2.0' }, { name: 'api' }],
    verdict: 'Failed after 40 ms: rank broke.',
  }),
  row({ planName: 'hourly', strategy: 'serial', state: 'running', outcome: undefined }),
];

const found = (filters: Partial<typeof NOTHING>): number[] =>
  filterRuns(RUNS, { ...NOTHING, ...filters }).map((run) => RUNS.indexOf(run));

describe('filterRuns', () => {
  it('lets pass what passes every filter', () => {
    expect(found({})).toEqual([0, 1, 2]);
    expect(found({ plan: 'nightly' })).toEqual([0, 1]);
    expect(found({ plan: 'nightly', version: '2.0' })).toEqual([1]);
    expect(found({ service: 'api', outcome: 'success' })).toEqual([]);
  });

  it('takes how a run stands for the outcome of one that has none', () => {
    expect(found({ outcome: 'running' })).toEqual([2]);
    expect(found({ outcome: 'failure' })).toEqual([1]);
  });

  it('searches for every word in what the list shows', () => {
    expect(found({ search: 'HOUR serial' })).toEqual([2]);
    expect(found({ search: 'aaaa worker 2.0' })).toEqual([1]);
    expect(found({ search: 'failed v2.0 broke' })).toEqual([1]);
    expect(found({ search: 'succeeded' })).toEqual([0]);
    expect(found({ search: 'nightly hourly' })).toEqual([]);
  });
});

describe('choicesOf', () => {
  it('counts what there would be with each value, given the other filters', () => {
    const { plan, outcome, version } = choicesOf(RUNS, { ...NOTHING, plan: 'nightly' });
    expect(plan).toEqual([
      { value: 'nightly', runs: 2 },
      { value: 'hourly', runs: 1 },
    ]);
    expect(outcome).toEqual([
      { value: 'failure', runs: 1 },
      { value: 'success', runs: 1 },
    ]);
    expect(version.map(({ value }) => value)).toEqual(['1.0', '2.0']);
  });

  it('keeps what is set although no run has it', () => {
    expect(choicesOf(RUNS, { ...NOTHING, plan: 'gone' }).plan).toContainEqual({ value: 'gone', runs: 0 });
  });
});
