import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { baselineOf, type Spread } from '../../../src/explain/compare/baseline.ts';
import { compareWithBaseline } from '../../../src/explain/compare/compare-baseline.ts';
import { compareRuns } from '../../../src/explain/compare/compare.ts';
import { explainRun } from '../../../src/explain/explain-run.ts';
import type { Run } from '../../../src/explain/read/run.ts';
import { anyRun, madeRun, type MadeTool } from '../made-runs.ts';

/** fetch > rank; rank takes as long as is said, and the run 100 ms longer than both. */
function nightly(rankMs: number, more: Partial<Parameters<typeof madeRun>[0]> = {}): Run {
  const tools: Record<string, MadeTool> = {
    fetch: { ms: [0, 1000] },
    rank: { needs: ['fetch'], ms: [1000, 1000 + rankMs] },
  };
  return madeRun({ ms: 1100 + rankMs, tools, at: rankMs, ...more });
}

describe('a baseline', () => {
  it('has median, least and most of the run, its critical path, and each step', () => {
    const baseline = baselineOf([nightly(3000), nightly(1000), nightly(2000), nightly(4000)]);
    expect(baseline).toMatchObject({
      runs: 4,
      unended: 0,
      succeeded: 4,
      // The middle between 3,100 and 4,100.
      duration: { median: 3600, min: 2100, max: 5100 },
      criticalPath: { median: 3500, min: 2000, max: 5000 },
      wait: { median: 0, min: 0, max: 0 },
    });
    expect([...baseline.steps.values()]).toEqual([
      {
        toolId: 'fetch',
        iteration: 1,
        ran: 4,
        failed: 0,
        skipped: 0,
        start: { median: 0, min: 0, max: 0 },
        duration: { median: 1000, min: 1000, max: 1000 },
        wait: { median: 0, min: 0, max: 0 },
        hasOtherClock: false,
      },
      expect.objectContaining({
        toolId: 'rank',
        start: { median: 1000, min: 1000, max: 1000 },
        duration: { median: 2500, min: 1000, max: 4000 },
      }),
    ]);
  });

  it('counts how often a step ran, failed and was skipped; a skip took no time that counts', () => {
    const [failed, skipped] = [
      { ms: [1000, 1500], outcome: 'failure' } as const,
      { ms: [1000, 1000], outcome: 'skip' } as const,
    ].map((rank) => madeRun({ ms: 2000, outcome: 'failure', tools: { fetch: { ms: [0, 1000] }, rank } }));
    const baseline = baselineOf([nightly(1000), failed!, skipped!]);
    expect(baseline).toMatchObject({ runs: 3, succeeded: 1 });
    expect([...baseline.steps.values()][1]).toMatchObject({
      ran: 2,
      failed: 1,
      skipped: 1,
      duration: { median: 750, min: 500, max: 1000 },
    });
  });

  it('leaves out runs that have not ended, and says so', () => {
    const open = nightly(9000, { ms: undefined });
    const baseline = baselineOf([nightly(1000), open]);
    expect(baseline).toMatchObject({ runs: 1, unended: 1, duration: { median: 2100, min: 2100, max: 2100 } });
    expect(compareWithBaseline(baseline, nightly(1000)).limits).toEqual([
      '1 run before has not ended and does not count',
    ]);
  });

  it('counts runs that ended without saying how', () => {
    const silent = nightly(1000, { outcome: null });
    const baseline = baselineOf([nightly(1000), silent]);
    expect(baseline).toMatchObject({ runs: 2, unended: 0, succeeded: 1 });
    expect(compareWithBaseline(baseline, silent)).toMatchObject({
      limits: [],
      summary: 'As long as the median of 2 runs: 2.10 s.',
    });
  });

  it('of no runs has nothing to compare with', () => {
    const comparison = compareWithBaseline(baselineOf([]), nightly(1000));
    expect(comparison).toMatchObject({ duration: undefined, steps: [], summary: 'There is no run to compare with.' });
  });

  it('keeps the newest run, with whose plan others are compared', () => {
    const newer = nightly(1000, { at: 50_000, tools: { fetch: { ms: [0, 1000] } } });
    expect(baselineOf([newer, nightly(1000)]).newest).toBe(newer);
    expect(compareWithBaseline(baselineOf([newer, nightly(1000)]), nightly(1000)).planChanges).toMatchObject([
      { kind: 'tool_added', toolId: 'rank' },
    ]);
  });
});

describe('the summary', () => {
  const baseline = baselineOf([1000, 1100, 1200, 1300, 1400].map((ms) => nightly(ms)));

  it('counts the other steps that are far from their medians', () => {
    const slow = nightly(4000, { tools: { fetch: { ms: [0, 3000] }, rank: { needs: ['fetch'], ms: [3000, 7000] } } });
    expect(compareWithBaseline(baseline, slow).summary).toContain(' (and 1 more step outside of the usual range).');
  });

  it('says how far a run is from the median, and which step is', () => {
    expect(compareWithBaseline(baseline, nightly(4000)).summary).toMatchInlineSnapshot(
      `"2.80 s longer than the median of 5 runs (+122 %), and longer than any of them. Of the steps, rank took 4.00 s instead of 1.00 s to 1.40 s (median 1.20 s)."`,
    );
    expect(compareWithBaseline(baseline, nightly(500)).summary).toMatchInlineSnapshot(
      `"700 ms shorter than the median of 5 runs (-30 %), and shorter than any of them. Of the steps, rank took 500 ms instead of 1.00 s to 1.40 s (median 1.20 s)."`,
    );
  });

  it('says that a run is as others are', () => {
    expect(compareWithBaseline(baseline, nightly(1210)).summary).toMatchInlineSnapshot(
      `"About as long as the median of 5 runs: 2.31 s instead of 2.30 s."`,
    );
    expect(compareWithBaseline(baseline, nightly(1380)).summary).toMatchInlineSnapshot(
      `"Within what 5 runs took: 2.48 s (median 2.30 s, 2.10 s to 2.50 s)."`,
    );
  });

  it('says first that it failed, and whether others did', () => {
    const failed = madeRun({
      ms: 1600,
      outcome: 'failure',
      tools: {
        fetch: { ms: [0, 1000] },
        rank: { needs: ['fetch'], ms: [1000, 1500], outcome: 'failure', error: 'no memory' },
      },
    });
    expect(compareWithBaseline(baseline, failed).summary).toMatchInlineSnapshot(
      `"Failed at rank (no memory); all 5 runs before succeeded. 700 ms shorter than the median of 5 runs (-30 %), and shorter than any of them."`,
    );
    expect(
      compareWithBaseline(baselineOf([failed, nightly(1000), nightly(1000)]), failed).summary,
    ).toMatchInlineSnapshot(
      `"Failed at rank (no memory); 2 of 3 runs before succeeded. Within what 3 runs took: 1.60 s (median 2.10 s, 1.60 s to 2.10 s)."`,
    );
  });

  it('names a step that failed in a run that did not', () => {
    const tools = {
      fetch: { ms: [0, 1000] },
      rank: { needs: ['fetch'], ms: [1000, 2200], outcome: 'timeout' },
    } as const;
    expect(compareWithBaseline(baseline, madeRun({ ms: 2300, tools })).summary).toMatchInlineSnapshot(
      `"As long as the median of 5 runs: 2.30 s. rank timed out, as in none of 5 runs before."`,
    );
  });

  it('says of one run that it is one', () => {
    expect(compareWithBaseline(baselineOf([nightly(1000)]), nightly(2000)).summary).toMatchInlineSnapshot(
      `"1.00 s longer than the one run before (+48 %). Of the steps, rank took 2.00 s instead of 1.00 s."`,
    );
  });

  it('says what of a run that goes on can be compared', () => {
    expect(compareWithBaseline(baseline, nightly(4000, { ms: undefined })).summary).toMatchInlineSnapshot(
      `"No end of the run arrived: durations and critical paths are not compared. Of the steps, rank took 4.00 s instead of 1.00 s to 1.40 s (median 1.20 s)."`,
    );
  });
});

describe('steps against a baseline', () => {
  it('are those outside first, then those far from their median; others are missing or added', () => {
    const baseline = baselineOf([
      madeRun({ ms: 900, tools: { a: { ms: [0, 100] }, b: { ms: [0, 100] }, c: { ms: [0, 5] }, d: { ms: [0, 5] } } }),
      madeRun({ ms: 900, tools: { a: { ms: [0, 120] }, b: { ms: [0, 900] }, c: { ms: [0, 5] }, d: { ms: [0, 5] } } }),
    ]);
    const run = madeRun({
      ms: 900,
      tools: {
        a: { ms: [0, 130] },
        b: { ms: [0, 800] },
        c: {},
        d: { ms: [0, 0], outcome: 'skip' },
        e: { ms: [0, 7], attempts: 2 },
      },
    });
    const { steps, missing, added } = compareWithBaseline(baseline, run);
    expect(steps.map(({ toolId, duration }) => [toolId, duration.change.change, duration.place])).toEqual([
      ['a', 20, 'above'],
      ['b', 300, 'within'],
    ]);
    expect(missing.map(({ toolId, isSkipped, usual }) => [toolId, isSkipped, usual.ran])).toEqual([
      ['c', false, 2],
      ['d', true, 2],
    ]);
    expect(added).toEqual([{ toolId: 'e', iteration: 1, durationMs: 7, outcome: 'success' }]);
  });
});

describe('steps of another clock', () => {
  const onTwoHosts = (aheadMs: number, host?: string): Run => {
    const rank = { needs: ['fetch'], ms: [1200 + aheadMs, 2000 + aheadMs] } as const;
    return nightly(1000, { tools: { fetch: { ms: [0, 1000] }, rank: host === undefined ? rank : { ...rank, host } } });
  };
  const here = onTwoHosts(0);
  const there = onTwoHosts(400, 'there');

  it('are compared by what they took alone', () => {
    const comparison = compareWithBaseline(baselineOf([here, here]), there);
    expect(comparison.limits).toEqual(['steps of the run ran by several clocks: starts and waits are not compared']);
    expect(comparison.wait).toBeUndefined();
    expect(comparison.steps.map(({ toolId, duration, wait }) => [toolId, duration.change.change, wait])).toEqual([
      ['fetch', 0, undefined],
      ['rank', 0, undefined],
    ]);
  });

  it('of some runs before have no wait that counts', () => {
    const baseline = baselineOf([here, there]);
    expect(baseline.wait).toEqual({ median: 200, min: 200, max: 200 });
    expect(compareWithBaseline(baseline, here).limits).toEqual([
      'steps of runs before ran by several clocks: starts and waits are not compared',
    ]);
  });
});

describe('laws', () => {
  it('the baseline of one run is that run', () => {
    fc.assert(
      fc.property(anyRun({ whole: true }), (run) => {
        const { durationMs, criticalPath, steps } = explainRun(run);
        const baseline = baselineOf([run]);
        const one = (ms: number | undefined): Spread | undefined =>
          ms === undefined ? undefined : { median: ms, min: ms, max: ms };
        expect(baseline.duration).toEqual(one(durationMs));
        expect(baseline.criticalPath).toEqual(one(criticalPath?.ms));
        expect(
          [...baseline.steps.values()].flatMap(({ duration }) => duration?.median ?? [0]).toSorted((a, b) => a - b),
        ).toEqual(steps.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b));
        const {
          duration,
          criticalPath: path,
          wait,
          missing,
          added,
          planChanges,
          ...rest
        } = compareWithBaseline(baseline, run);
        expect([duration, path, wait].map((placed) => placed?.change.change ?? 0)).toEqual([0, 0, 0]);
        expect(
          rest.steps.filter(({ duration, wait }) => duration.change.change !== 0 || wait?.place !== 'within'),
        ).toEqual([]);
        expect([...missing, ...added, ...planChanges]).toEqual([]);
      }),
    );
  });

  it('against one run, the changes are those between the two', () => {
    fc.assert(
      fc.property(anyRun({ whole: true }), anyRun({ whole: true }), (one, two) => {
        const against = compareWithBaseline(baselineOf([one]), two);
        const between = compareRuns(one, two);
        expect(against.duration?.change.change).toBeCloseTo(between.duration!.change, 6);
        expect(against.planChanges).toEqual(between.planChanges);
        for (const { toolId, iteration, duration } of against.steps) {
          const same = between.steps.find((step) => step.toolId === toolId && step.iteration === iteration);
          expect(duration.change.change).toBeCloseTo(same!.duration.change, 6);
        }
      }),
    );
  });

  it('the median lies between the least and the most, and no more values than half on either side', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100), { minLength: 1, maxLength: 9 }), (values) => {
        const { duration } = baselineOf(values.map((ms) => nightly(ms)));
        const { median, min, max } = duration!;
        const took = values.map((ms) => ms + 1100);
        expect([min, max]).toEqual([Math.min(...took), Math.max(...took)]);
        expect(took.filter((ms) => ms < median).length).toBeLessThanOrEqual(values.length / 2);
        expect(took.filter((ms) => ms > median).length).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });

  it('the order of runs does not matter', () => {
    fc.assert(
      fc.property(
        fc.array(anyRun(), { maxLength: 5 }),
        anyRun(),
        fc.infiniteStream(fc.nat(100)),
        (runs, run, random) => {
          const shuffled = runs.map((one) => ({ one, at: random.next().value })).toSorted((a, b) => a.at - b.at);
          const [first, second] = [baselineOf(runs), baselineOf(shuffled.map(({ one }) => one))];
          expect({ ...second, newest: undefined }).toEqual({ ...first, newest: undefined });
          expect([...second.steps.keys()]).toEqual([...first.steps.keys()]);
          expect(second.newest?.startNs).toBe(first.newest?.startNs);
          expect(compareWithBaseline(second, run).steps).toEqual(compareWithBaseline(first, run).steps);
        },
      ),
    );
  });

  it('the summary has at most 300 characters, in one line', () => {
    fc.assert(
      fc.property(fc.array(anyRun(), { maxLength: 4 }), anyRun(), (runs, run) => {
        const { summary } = compareWithBaseline(baselineOf(runs), run);
        expect(summary).toMatch(/^.{1,300}$/);
      }),
    );
  });
});
