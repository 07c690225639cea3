import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JaegerClient, RecentRun } from '../../src/inspector/jaeger.ts';
import { openStore } from '../../src/inspector/open-store.ts';
import { TraceLibrary } from '../../src/inspector/trace-library.ts';
import { overviewSpans } from '../explain/made-spans.ts';

// How long a list waits for a Jaeger. What the Inspector makes of it: see serve-faults.test.ts.

const PATIENCE_MS = 3_000;
const FRESH_MS = 5_000;
const OWN = overviewSpans()[0]!.traceId;
const OTHERS = '1'.repeat(32);
const RUN: RecentRun = { traceId: OTHERS, startNs: 1n, planName: 'elsewhere', outcome: 'success', service: 'shop' };

/** Answers to what a Jaeger is asked, in order. */
let answers: { resolve: (runs: RecentRun[]) => void; reject: (error: Error) => void }[];
let library: TraceLibrary;

beforeEach(() => {
  vi.useFakeTimers();
  answers = [];
  const store = openStore();
  store.add(overviewSpans());
  const recentRuns = (): Promise<RecentRun[]> =>
    new Promise((resolve, reject) => void answers.push({ resolve, reject }));
  library = new TraceLibrary(store, { recentRuns } as unknown as JaegerClient);
});
afterEach(() => void vi.useRealTimers());

async function list(): Promise<string[]> {
  return (await library.list()).map(({ traceId }) => traceId);
}

describe('a list', () => {
  it('has what a Jaeger has as well, and does not ask again at once', async () => {
    const first = list();
    answers[0]!.resolve([RUN, { ...RUN, traceId: OWN }]);
    expect(await first).toEqual([OWN, OTHERS]);
    expect(await list()).toEqual([OWN, OTHERS]);
    expect(library.fault).toBeUndefined();
    expect(answers).toHaveLength(1);
    vi.advanceTimersByTime(FRESH_MS);
    const later = list();
    answers[1]!.resolve([]);
    expect(await later).toEqual([OWN]);
  });

  it('does not wait long for a Jaeger that hangs, and for the next list not at all', async () => {
    const first = list();
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    expect(await first).toEqual([OWN]);
    expect(library.fault).toBe('Jaeger has not answered yet: reload to see its runs');
    expect(await list()).toEqual([OWN]);
    expect(answers).toHaveLength(1);
  });

  it('has what came later, once it has come', async () => {
    const first = list();
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    await first;
    answers[0]!.resolve([RUN]);
    await vi.advanceTimersByTimeAsync(0);
    expect(await list()).toEqual([OWN, OTHERS]);
    expect(library.fault).toBeUndefined();
  });

  it('keeps what a Jaeger had while that fails, and says why', async () => {
    const first = list();
    answers[0]!.resolve([RUN]);
    await first;
    vi.advanceTimersByTime(FRESH_MS);
    const second = list();
    answers[1]!.reject(new Error('nothing listens there'));
    expect(await second).toEqual([OWN, OTHERS]);
    expect(library.fault).toBe('nothing listens there');
  });

  it('asks once for all who wait', async () => {
    const lists = [list(), list(), list()];
    answers[0]!.resolve([RUN]);
    expect(await Promise.all(lists)).toEqual(Array.from({ length: 3 }, () => [OWN, OTHERS]));
    expect(answers).toHaveLength(1);
  });
});
