import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SilenceWatch } from '../../src/inspector/silence-watch.ts';

let changes: string[];
let watch: SilenceWatch;

beforeEach(() => {
  vi.useFakeTimers();
  changes = [];
  watch = new SilenceWatch((processId) => void changes.push(processId));
});
afterEach(() => {
  watch[Symbol.dispose]();
  vi.useRealTimers();
});

/** Lets time pass, second by second, while a process is heard of each second. */
function beat(processId: string, seconds: number): void {
  for (let second = 0; second < seconds; second += 1) {
    vi.advanceTimersByTime(1000);
    watch.heard(processId);
  }
}

it('misses nobody who is heard of as often as was promised', () => {
  watch.expect('a', 1000);
  beat('a', 60);
  expect([changes, watch.silentSinceMs('a')]).toEqual([[], undefined]);
});

it('tells once who is not heard of any more, and since when, and once more when that is over', () => {
  watch.expect('a', 1000);
  beat('a', 5);
  const lastMs = Date.now();
  vi.advanceTimersByTime(3000);
  expect(changes).toEqual([]);
  vi.advanceTimersByTime(60_000);
  expect([changes, watch.silentSinceMs('a')]).toEqual([['a'], lastMs]);
  watch.heard('a');
  expect([changes, watch.silentSinceMs('a')]).toEqual([['a', 'a'], undefined]);
});

it('tells processes apart, and misses nobody who promised nothing', () => {
  watch.expect('a', 1000);
  watch.expect('slow', 10_000);
  vi.advanceTimersByTime(10_000);
  watch.heard('unknown');
  expect(changes).toEqual(['a']);
  expect(['slow', 'unknown'].map((processId) => watch.silentSinceMs(processId))).toEqual([undefined, undefined]);
});

it('cannot tell what happened while nobody looked, as when the machine slept', () => {
  watch.expect('a', 1000);
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersByTime(3000);
  expect(changes).toEqual([]);
  vi.advanceTimersByTime(2000);
  expect(changes).toEqual(['a']);
});

it('looks at nothing when there is nobody to miss', () => {
  watch.expect('a', 1000);
  watch.expect('a', 1000);
  expect(vi.getTimerCount()).toBe(1);
  watch.forget('a');
  expect(vi.getTimerCount()).toBe(0);
});
