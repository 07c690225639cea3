import { expect, it, vi } from 'vitest';
import { reconstruct } from '../../src/explain/read/reconstruct.ts';
import type { Run } from '../../src/explain/read/run.ts';
import { EarlierRuns } from '../../src/inspector/earlier-runs.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import type { TraceStore } from '../../src/inspector/store.ts';
import { madeRunSpans } from '../explain/made-runs.ts';

const ID = (number: number): string => String(number).padStart(32, '0');

/** A store of runs of one plan, a second after one another, each by what its only step took and how it ended. */
function storeOf(...runs: readonly (readonly [ms: number, outcome?: string, name?: string])[]): {
  store: TraceStore;
  at: (number: number) => Run;
} {
  const store = openStore();
  for (const [index, [ms, outcome = 'success', name = 'nightly']] of runs.entries())
    store.add(
      madeRunSpans({ ms, tools: { fetch: { ms: [0, ms] } }, outcome, name, traceId: ID(index + 1), at: index * 1000 }),
    );
  return { store, at: (number) => reconstruct(store.trace(ID(number)))[0]! };
}

it('finds the last success of the plan before a run', () => {
  const { store, at } = storeOf([10], [20], [30, 'failure'], [40, 'success', 'other'], [50], [60]);
  const earlier = new EarlierRuns(store);
  expect([1, 2, 5, 6].map((number) => earlier.lookBack(at(number)).lastSuccess?.traceId)).toEqual([
    undefined,
    ID(1),
    ID(2),
    ID(5),
  ]);
});

it('gives what is usual of the successes before a run, and of none after it', () => {
  const { store, at } = storeOf([10], [20], [90, 'failure'], [60], [1000]);
  const earlier = new EarlierRuns(store);
  expect(earlier.lookBack(at(5)).usual).toEqual({ runs: 3, medianMs: 20, steps: new Map([['1 fetch', 20]]) });
  expect(earlier.lookBack(at(2)).usual?.medianMs).toBe(10);
  expect(earlier.lookBack(at(1)).usual).toBeUndefined();
});

it('takes a new success into account', () => {
  const { store, at } = storeOf([10], [20], [30]);
  const earlier = new EarlierRuns(store);
  expect(earlier.lookBack(at(3)).usual?.medianMs).toBe(15);
  store.add(madeRunSpans({ ms: 99, tools: {}, traceId: ID(9), at: 1500 }));
  expect(earlier.lookBack(at(3)).usual?.runs).toBe(3);
});

it('takes the newest in any case, and finds it however many runs failed since', () => {
  const large = Object.fromEntries(
    Array.from({ length: 21_000 }, (_, index) => [`t${index}`, { ms: [0, 1] as const }]),
  );
  const store = openStore();
  store.add(madeRunSpans({ ms: 10, tools: large, traceId: ID(1) }));
  for (let number = 2; number <= 300; number += 1)
    store.add(madeRunSpans({ ms: 10, tools: {}, outcome: 'failure', traceId: ID(number), at: number * 1000 }));
  const [run] = reconstruct(store.trace(ID(300)));
  expect(new EarlierRuns(store).lookBack(run!)).toMatchObject({ lastSuccess: { traceId: ID(1) }, usual: { runs: 1 } });
});

it('reads no more than whoever waits for it can bear', () => {
  const store = openStore();
  const many = Object.fromEntries(Array.from({ length: 12_000 }, (_, index) => [`t${index}`, { ms: [0, 1] as const }]));
  for (const number of [1, 2, 3])
    store.add(madeRunSpans({ ms: 10, tools: many, traceId: ID(number), at: number * 1000 }));
  const [run] = reconstruct(store.trace(ID(3)));
  expect(new EarlierRuns(store).lookBack(run!).usual?.runs).toBe(1);
});

it('remembers what is usual, of the last 100 plans alone', () => {
  const plans = Array.from({ length: 101 }, (_, number) => `plan ${number}`);
  const { store, at } = storeOf(...plans.flatMap((name) => [10, 20].map((ms) => [ms, 'success', name] as const)));
  const second = plans.map((_, index) => at(2 * index + 2));
  const earlier = new EarlierRuns(store);
  const read = vi.spyOn(store, 'trace');
  /** How many traces are read. */
  const readsOf = (run: Run): number => {
    read.mockClear();
    expect(earlier.lookBack(run).usual?.runs).toBe(1);
    return read.mock.calls.length;
  };
  expect(second.slice(0, 100).map(readsOf)).toEqual(Array(100).fill(1));
  expect(readsOf(second[0]!)).toBe(0);
  expect(readsOf(second[100]!)).toBe(1);
  expect([readsOf(second[99]!), readsOf(second[0]!)]).toEqual([0, 1]);
});
