import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idleGaps, type RunTimes, timesOf } from '../../../src/inspector/scene/timeline-times.ts';
import { type MadeStep, madeView } from '../made-views.ts';

/** Start and end of each step, by its key. */
function placesOf(
  steps: readonly MadeStep[],
  nowMs: number,
  run: Parameters<typeof madeView>[0] = {},
): Record<string, number[]> {
  const view = madeView({ ...run, steps });
  const { start, end } = timesOf(view, nowMs);
  return Object.fromEntries(view.steps.map(({ key }, index) => [key, [start[index]!, end[index]!]]));
}

describe('where steps are on the time axis', () => {
  it('is where they ran', () => {
    expect(placesOf([{ toolId: 'a', startMs: 5, endMs: 9 }], 0)).toEqual({ a: [5, 9] });
  });

  it('of those that run is until now, of those whose process died until that is known', () => {
    const steps = [{ toolId: 'a', state: 'running' as const, startMs: 5 }];
    expect(placesOf(steps, 40, { state: 'running' })).toEqual({ a: [5, 40] });
    const dead = [{ toolId: 'a', state: 'interrupted' as const, startMs: 5 }];
    expect(placesOf(dead, 40, { state: 'interrupted', durationMs: 30 })).toEqual({ a: [5, 30] });
  });

  it('of those that did not start is when the last dependency that ran had ended', () => {
    const steps: MadeStep[] = [
      { toolId: 'a', startMs: 0, endMs: 10 },
      { toolId: 'b', startMs: 0, endMs: 20 },
      { toolId: 'c', state: 'not started', dependsOn: ['a', 'b', 'gone'] },
      { toolId: 'd', state: 'no span', dependsOn: ['c'] },
      { toolId: 'e', state: 'not started' },
    ];
    expect(placesOf(steps, 0)).toMatchObject({ c: [20, 20], d: [20, 20], e: [0, 0] });
  });

  it('of those to come is not before now, and follows what is usual', () => {
    const steps: MadeStep[] = [
      { toolId: 'a', state: 'running', startMs: 0, usualMs: 100 },
      { toolId: 'b', state: 'planned', dependsOn: ['a'], usualMs: 50 },
      { toolId: 'c', state: 'planned', dependsOn: ['b'] },
      { toolId: 'd', state: 'planned' },
    ];
    expect(placesOf(steps, 40, { state: 'running' })).toMatchObject({ b: [100, 150], c: [150, 150], d: [40, 40] });
    // It takes longer than usual: whatever needs it cannot start before now.
    expect(placesOf(steps, 130, { state: 'running' })).toMatchObject({ a: [0, 130], b: [130, 180] });
  });

  it('of tools of a serial plan is after the group before, though they do not say that they need it', () => {
    const steps: MadeStep[] = [
      { toolId: 'a', group: 0, startMs: 0, endMs: 10 },
      { toolId: 'b', group: 1, state: 'not started' },
    ];
    expect(placesOf(steps, 0, { strategy: 'serial' })).toMatchObject({ b: [10, 10] });
    expect(placesOf(steps, 0, { strategy: 'dag' })).toMatchObject({ b: [0, 0] });
  });

  it('of a tool with several passes is after the last of them', () => {
    const steps: MadeStep[] = [
      { toolId: 'a', startMs: 0, endMs: 10 },
      { toolId: 'a', iteration: 2, startMs: 20, endMs: 30 },
      { toolId: 'b', state: 'not started', dependsOn: ['a'] },
    ];
    expect(placesOf(steps, 0)).toMatchObject({ b: [30, 30] });
  });

  it('reaches from the first to the last of all, beyond the run where its clock or its steps say so', () => {
    const extentOf = (steps: readonly MadeStep[], durationMs?: number): RunTimes['extent'] =>
      timesOf(madeView({ steps, ...(durationMs !== undefined && { durationMs }) }), 0).extent;
    expect(extentOf([{ toolId: 'a', startMs: 5, endMs: 9 }], 20)).toEqual({ fromMs: 0, toMs: 20 });
    expect(extentOf([{ toolId: 'a', startMs: -5, endMs: 90 }], 20)).toEqual({ fromMs: -5, toMs: 90 });
    expect(extentOf([], 20)).toEqual({ fromMs: 0, toMs: 20 });
  });
});

describe('idle gaps', () => {
  const gapsOf = (steps: readonly MadeStep[], run: Parameters<typeof madeView>[0] = {}): number[][] => {
    const view = madeView({ ...run, steps });
    return idleGaps(view, timesOf(view, view.durationMs)).map(({ fromMs, toMs }) => [fromMs, toMs]);
  };

  it('are where nothing ran, before, between and after', () => {
    const steps: MadeStep[] = [
      { toolId: 'late', startMs: 500, endMs: 600 },
      { toolId: 'a', startMs: 100, endMs: 300 },
      { toolId: 'b', startMs: 150, endMs: 200 },
    ];
    expect(gapsOf(steps, { durationMs: 1000 })).toEqual([
      [0, 100],
      [300, 500],
      [600, 1000],
    ]);
  });

  it('are none where a step only waited, or where they are short', () => {
    const steps: MadeStep[] = [
      { toolId: 'a', startMs: 0, endMs: 500 },
      { toolId: 'b', startMs: 530, endMs: 1000, waitMs: 30 },
    ];
    expect(gapsOf(steps)).toEqual([]);
  });

  it('are none at the end of a run that goes on', () => {
    const steps: MadeStep[] = [{ toolId: 'a', startMs: 0, endMs: 10 }];
    expect(gapsOf(steps, { state: 'running', durationMs: 1000 })).toEqual([]);
    expect(gapsOf(steps, { state: 'interrupted', durationMs: 1000 })).toEqual([[10, 1000]]);
  });

  it('are none where nothing ran at all', () => {
    expect(gapsOf([{ toolId: 'a', state: 'not started' }], { durationMs: 1000 })).toEqual([]);
  });

  it('never hold a moment of a step, and are in order', () => {
    const times = fc.array(fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 200 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(times, (times) => {
        const steps = times.map(([startMs, ms], at) => ({ toolId: `t${at}`, startMs, endMs: startMs + ms }));
        const gaps = gapsOf(steps, { durationMs: 1200 });
        for (const [at, [fromMs, toMs]] of gaps.entries()) {
          expect(toMs! - fromMs!).toBeGreaterThan(1200 * 0.04);
          expect(fromMs!).toBeGreaterThanOrEqual(gaps[at - 1]?.[1] ?? 0);
          for (const { startMs, endMs } of steps) expect(endMs <= fromMs! || startMs >= toMs!).toBe(true);
        }
      }),
    );
  });
});
