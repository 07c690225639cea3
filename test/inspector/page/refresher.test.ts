import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refresher } from '../../../src/inspector/page/refresher.ts';

describe('Refresher', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** @returns when refreshes began, in milliseconds */
  function refresher(tookMs: number): { starts: number[]; it: Refresher } {
    const starts: number[] = [];
    const zero = performance.now();
    const it = new Refresher(async () => {
      starts.push(Math.round(performance.now() - zero));
      await new Promise((resolve) => setTimeout(resolve, tookMs));
    });
    return { starts, it };
  }

  it('refreshes at once, and once for all that asked before it began', async () => {
    const { starts, it: asked } = refresher(0);
    asked.ask();
    asked.ask();
    await vi.advanceTimersByTimeAsync(1000);
    expect(starts).toEqual([0]);
  });

  it('waits 250 ms before the next one', async () => {
    const { starts, it: asked } = refresher(10);
    asked.ask();
    await vi.advanceTimersByTimeAsync(20);
    asked.ask();
    await vi.advanceTimersByTimeAsync(1000);
    expect(starts).toEqual([0, 260]);
  });

  it('waits three times what the last one took', async () => {
    const { starts, it: asked } = refresher(200);
    asked.ask();
    await vi.advanceTimersByTimeAsync(210);
    asked.ask();
    await vi.advanceTimersByTimeAsync(2000);
    expect(starts).toEqual([0, 800]);
  });

  it('refreshes again for what asked while it did', async () => {
    const { starts, it: asked } = refresher(100);
    asked.ask();
    await vi.advanceTimersByTimeAsync(50);
    asked.ask();
    asked.ask();
    await vi.advanceTimersByTimeAsync(3000);
    expect(starts).toEqual([0, 400]);
  });

  it('does no more once it is stopped', async () => {
    const { starts, it: asked } = refresher(100);
    asked.ask();
    await vi.advanceTimersByTimeAsync(50);
    asked.ask();
    asked.stop();
    await vi.advanceTimersByTimeAsync(3000);
    expect(starts).toEqual([0]);
  });
});
