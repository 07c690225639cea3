import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveRun, Standing } from '../../../src/explain/compare/measure-run.ts';
import { reconstruct } from '../../../src/explain/read/reconstruct.ts';
import type { Run } from '../../../src/explain/read/run.ts';
import { stepsOf } from '../../../src/explain/read/steps-of.ts';
import type { CompareView, StepRow, WaterfallBar } from '../../../src/inspector/view/compare-view.ts';
import { viewBaseline, viewComparison } from '../../../src/inspector/view/view-comparison.ts';
import { anyRun, madeRun, madeRunSpans, type MadeTool } from '../../explain/made-runs.ts';

const TOOLS: Record<string, MadeTool> = {
  fetch: { ms: [0, 2000] },
  rank: { needs: ['fetch'], ms: [2000, 6000] },
  audit: { needs: ['fetch'], ms: [2000, 3000] },
  notify: { needs: ['fetch'], ms: [2500, 3000] },
  write: { needs: ['rank'], ms: [6000, 8000] },
};
const before = madeRun({ ms: 8100, tools: TOOLS });
const after = madeRun({
  ms: 12_300,
  at: 60_000,
  tools: {
    fetch: { ms: [0, 2000] },
    rank: { needs: ['fetch'], ms: [2000, 9900], attempts: 3 },
    audit: { needs: ['fetch'], ms: [2000, 2900], outcome: 'failure', error: '503' },
    write: { needs: ['rank'], ms: [9900, 12_200] },
    publish: { needs: ['write'], ms: [12_200, 12_250] },
  },
});

describe('two runs side by side', () => {
  const view = viewComparison(before, after);

  it('say what changed, of which runs, and what they took', () => {
    expect(view.summary).toMatch(/^4\.20 s longer \(\+52 %\): rank took 3\.90 s longer/);
    expect(view.before).toMatchObject({ kind: 'run', runSpanId: before.span?.spanId, durationMs: 8100 });
    expect(view.after).toMatchObject({ kind: 'run', planName: 'nightly', outcome: 'success', durationMs: 12_300 });
    expect(view.after.startedAtMs - (view.before as typeof view.after).startedAtMs).toBe(60_000);
    expect(view.totals.map(({ name, before, after }) => [name, before, after])).toEqual([
      ['the run', 8100, 12_300],
      ['critical path', 8000, 12_250],
      ['waits in total', 500, 0],
    ]);
    expect(view.planChanges).toEqual(['publish is new', 'notify is gone']);
  });

  it('have every step of either, in order of time, with what changed of it', () => {
    expect(view.steps.map(rowText)).toMatchInlineSnapshot(`
      [
        "fetch: 0+2000! -> 0+2000!, starts 0, takes 0",
        "rank: 2000+4000! -> 2000+7900!, starts 0, takes 3900 * (3 attempts instead of 1)",
        "audit: 2000+1000 -> 2000+900, starts 0, takes -100 * x (failed, succeeded before)",
        "notify: 2500+500 -> - * (gone from the plan)",
        "write: 6000+2000! -> 9900+2300!, starts 3900, takes 300 *",
        "publish: - -> 12200+50! * (new in the plan)",
      ]
    `);
  });

  it('divide the whole change into the steps that it comes from, and the rest', () => {
    expect(changesOf(view)).toMatchObject([
      { label: 'rank took 3.90 s longer, 3 attempts instead of 1', changeMs: 3900, key: 'rank' },
      { label: 'write took 300 ms longer', changeMs: 300, key: 'write' },
    ]);
  });

  it('have both critical paths, whose steps can be found on the page', () => {
    expect(view.criticalPath?.before.map(({ name, durationMs }) => `${name} ${durationMs}`)).toEqual([
      'fetch 2000',
      'rank 4000',
      'write 2000',
    ]);
    expect(view.criticalPath?.after.map(({ key }) => key)).toEqual(['fetch', 'rank', 'write', 'publish']);
  });

  it('are plain JSON', () => {
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
  });
});

it('tells a step without a span from one that the plan does not have: only the first can be selected', () => {
  const { rank, write: _, notify: __, ...rest } = TOOLS;
  const stopped = madeRun({
    ms: 3100,
    outcome: 'failure',
    tools: { ...rest, write: {}, rank: { ...rank, ms: [2000, 3000], outcome: 'failure' } },
  });
  const lone = viewComparison(before, stopped).steps.filter((row) => !row.after);
  expect(lone.map(({ name, key, notes }) => ({ name, key, notes }))).toEqual([
    { name: 'notify', key: undefined, notes: ['gone from the plan'] },
    { name: 'write', key: 'write', notes: ['no span arrived'] },
  ]);
});

it('names each pass, and each of several steps of one name, as the page does', () => {
  const tools = { act: { ms: [0, 10], passes: [[10, 20]] } } as const satisfies Record<string, MadeTool>;
  const spans = madeRunSpans({ ms: 30, tools });
  const twin = spans.find(({ attributes }) => attributes.get('orchestration.tool_id') === 'act')!;
  const [twice] = reconstruct([...spans, { ...twin, spanId: 'f'.repeat(16), startNs: twin.startNs + 5n }]);
  const { steps } = viewComparison(madeRun({ ms: 30, tools }), twice!);
  expect(steps.map(({ name, key }) => [name, key])).toEqual([
    ['act', 'act'],
    ['act', 'act~2'],
    ['act #2', 'act#2'],
  ]);
});

it('says nothing of durations of a run that goes on', () => {
  const { write: _, ...tools } = TOOLS;
  const view = viewComparison(before, madeRun({ ms: undefined, tools: { ...tools, write: { needs: ['rank'] } } }));
  expect(view).toMatchObject({ waterfall: undefined, criticalPath: undefined });
  expect(view.totals.map(({ name }) => name)).toEqual(['waits in total']);
  expect(view.limits).toEqual(['no end of the run after arrived: durations and critical paths are not compared']);
});

describe('a run that has not ended', () => {
  const { rank, audit, write: _, ...tools } = TOOLS;
  const now = madeRun({
    ms: undefined,
    tools: {
      ...tools,
      rank: { ...rank, ms: [2000, 5000] },
      audit: { ...audit, ms: [2000, 3400] },
      write: { needs: ['rank'] },
    },
  });
  const liveRun = (standing: Standing): LiveRun => ({
    standing,
    open: new Map(
      stepsOf(now).flatMap(({ toolId, span }) => (toolId === 'rank' && span ? [[span.spanId, standing] as const] : [])),
    ),
  });

  it('was interrupted: what ran then is not shorter, and what comes after did not start', () => {
    const view = viewComparison(before, now, liveRun('interrupted'));
    expect(view.summary).toBe(
      'The run after was interrupted while rank ran: only the steps that had ended are compared. Of the steps, audit changed most: 400 ms longer.',
    );
    expect(view).toMatchObject({ totals: [], waterfall: undefined, criticalPath: undefined });
    expect(view.steps.map(rowText)).toMatchInlineSnapshot(`
      [
        "fetch: 0+2000! -> 0+2000, starts 0, takes 0",
        "rank: 2000+4000! -> 2000+3000 * x (interrupted after 3.00 s)",
        "audit: 2000+1000 -> 2000+1400, starts 0, takes 400 *",
        "notify: 2500+500 -> 2500+500, starts 0, takes 0",
        "write: 6000+2000! -> - * (did not start)",
      ]
    `);
    expect(view.steps.map(({ after }) => after?.state)).toEqual([
      'success',
      'interrupted',
      'success',
      'success',
      undefined,
    ]);
  });

  it('goes on: what runs has no change, and what has yet to start is not missing', () => {
    const view = viewComparison(before, now, liveRun('running'));
    expect(view.summary).toBe(
      'The run after is still running: only the steps that have ended are compared. Of the steps, audit changed most: 400 ms longer.',
    );
    expect(view.totals).toEqual([]);
    expect(view.steps.map(rowText)).toMatchInlineSnapshot(`
      [
        "fetch: 0+2000! -> 0+2000, starts 0, takes 0",
        "rank: 2000+4000! -> 2000+3000 (running for 3.00 s so far)",
        "audit: 2000+1000 -> 2000+1400, starts 0, takes 400 *",
        "notify: 2500+500 -> 2500+500, starts 0, takes 0",
      ]
    `);
  });

  it('goes on, with a step that takes long: that is worth a word', () => {
    const stepsOfLong = (longMs: number): CompareView['steps'] => {
      const tools = { fetch: { ms: [0, 100] }, rank: { needs: ['fetch'], ms: [100, 100 + longMs] } } as const;
      const run = madeRun({ ms: undefined, tools });
      const open = new Map([[run.groups[1]!.steps[0]!.span!.spanId, 'running' as const]]);
      return viewComparison(before, run, { standing: 'running', open }).steps;
    };
    expect(stepsOfLong(4000).map(({ isMaterial }) => isMaterial)).toEqual([true, false]);
    const [, rank] = stepsOfLong(5000);
    expect(rank).toMatchObject({ isMaterial: true, hasOtherOutcome: false });
    expect(rank?.changeMs).toBeUndefined();
  });

  it('has changes that are worth a word by what the other run took, however long it hangs', () => {
    const hanging = (ms: number): Run => {
      const rank = { needs: ['fetch'], ms: [100, ms] } as const;
      return madeRun({ ms: undefined, at: 60_000, tools: { fetch: { ms: [0, 100] }, rank } });
    };
    const open = new Map([[hanging(200).groups[1]!.steps[0]!.span!.spanId, 'running' as const]]);
    const live = { standing: 'running', open } as const;
    for (const ms of [200, 1_000_000]) {
      const [one, other] = [
        viewComparison(before, hanging(ms), live),
        viewComparison(hanging(ms), before, undefined, live),
      ];
      expect([one.materialMs, other.materialMs]).toEqual([81, 81]);
      expect(one.summary).toMatch(
        ms === 200
          ? / Of the steps, fetch changed most: 1\.90 s shorter\.$/
          : / rank has run for 16 min 40 s, and took 4\.00 s before\./,
      );
      expect(other.summary).toMatch(/ Of the steps, fetch changed most: 1\.90 s longer\.$/);
    }
    const longer = viewComparison(hanging(200), hanging(1_000_000), live, live);
    expect(longer.materialMs).toBe(1);
  });

  it('is held against the middle of many in the same way', () => {
    expect(viewBaseline([before], now, liveRun('interrupted')).steps.map(rowText)).toMatchInlineSnapshot(`
      [
        "fetch: 0+2000 -> 0+2000, starts 0, takes 0",
        "rank: 2000+4000 -> 2000+3000 * x (interrupted after 3.00 s)",
        "audit: 2000+1000 -> 2000+1400, starts 0, takes 400 *",
        "notify: 2500+500 -> 2500+500, starts 0, takes 0",
        "write: 6000+2000 -> - * (did not run here; ran in 1 of 1 run)",
      ]
    `);
    const running = viewBaseline([before], now, liveRun('running'));
    expect(running.steps.map(rowText)).toMatchInlineSnapshot(`
      [
        "fetch: 0+2000 -> 0+2000, starts 0, takes 0",
        "rank: 2000+4000 -> 2000+3000 (running for 3.00 s so far)",
        "audit: 2000+1000 -> 2000+1400, starts 0, takes 400 *",
        "notify: 2500+500 -> 2500+500, starts 0, takes 0",
      ]
    `);
    expect(running.summary).toMatchInlineSnapshot(
      `"The run is still running: only the steps that have ended are compared. Of the steps, audit took 1.40 s instead of 1.00 s."`,
    );
  });

  it('may be the one before', () => {
    const view = viewComparison(now, before, undefined, liveRun('interrupted'));
    expect(view.summary).toMatchInlineSnapshot(
      `"The run before was interrupted while rank ran: only the steps that had ended are compared. Of the steps, audit changed most: 400 ms shorter."`,
    );
    expect(view.steps.map(rowText)).toMatchInlineSnapshot(`
      [
        "fetch: 0+2000 -> 0+2000!, starts 0, takes 0",
        "rank: 2000+3000 -> 2000+4000! * x (before, interrupted after 3.00 s)",
        "audit: 2000+1400 -> 2000+1000, starts 0, takes -400 *",
        "notify: 2500+500 -> 2500+500, starts 0, takes 0",
        "write: - -> 6000+2000! * (did not start before)",
      ]
    `);
  });
});

it('knows no critical path of a run that ended before one of its steps', () => {
  const open = new Map([[before.groups[1]!.steps[0]!.span!.spanId, 'interrupted'] as const]);
  const view = viewComparison(before, before, { standing: undefined, open });
  expect(view).toMatchObject({
    waterfall: undefined,
    criticalPath: undefined,
    limits: ['no end of rank of the run after arrived: critical paths are not compared'],
  });
  expect(view.totals[0]).toMatchObject({ name: 'the run', change: 0 });
});

it('shifts no step that ran by another clock', () => {
  const rank = { needs: ['fetch'], ms: [2500, 6500], host: 'there' } as const;
  const there = madeRun({ ms: 8100, tools: { ...TOOLS, rank } });
  for (const view of [viewComparison(before, there), viewBaseline([before], there), viewBaseline([there], before)]) {
    expect(view.waterfall).toBeUndefined();
    expect(view.totals.map(({ name }) => name)).not.toContain('waits in total');
    const shifted = view.steps.filter(({ shiftMs }) => shiftMs !== 0);
    expect(shifted.map(({ name, shiftMs, changeMs }) => [name, shiftMs, changeMs])).toEqual([['rank', undefined, 0]]);
  }
});

it('keeps the twelve largest parts of a change, and counts the others to the rest', () => {
  const chain = (ms: number): Record<string, MadeTool> =>
    Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => {
        const start = at * 1000 + (ms * at * (at + 1)) / 2;
        const needs = at === 0 ? [] : [`t${at - 1}`];
        return [`t${at}`, { needs, ms: [start, start + 1000 + ms * (at + 1)] }];
      }),
    );
  const [short, long] = [0, 100].map((ms) => madeRun({ ms: 20_000 + ms * 210, tools: chain(ms) }));
  const view = viewComparison(short!, long!);
  const changes = changesOf(view);
  expect(changes.slice(0, -1).map(({ key }) => key)).toEqual(Array.from({ length: 12 }, (_, at) => `t${at + 8}`));
  expect(changes.at(-1)).toMatchObject({ label: 'all smaller changes', changeMs: expect.closeTo(3600, 6) });
});

describe('a run beside many', () => {
  const many = [0, 100, 200].map((more) =>
    madeRun({ ms: 8100 + more, at: more, tools: { ...TOOLS, rank: { needs: ['fetch'], ms: [2000, 6000 + more] } } }),
  );
  const view = viewBaseline(many, after);

  it('says how many they are, and what the middle of them took', () => {
    expect(view.before).toEqual({ kind: 'runs', runs: 3, planName: 'nightly', durationMs: 8200 });
    expect(view.totals[0]).toMatchObject({ name: 'the run', before: 8200, range: { min: 8100, max: 8300 } });
    expect(view.summary).toContain('longer than the median of 3 runs');
  });

  it('has every step with the middle, the least and the most of what it took', () => {
    expect(view.steps.map(rowText)).toMatchInlineSnapshot(`
      [
        "fetch: 0+2000 -> 0+2000!, starts 0, takes 0",
        "rank: 2000+4100 -> 2000+7900!, starts 0, takes 3800 * (3 attempts)",
        "audit: 2000+1000 -> 2000+900, starts 0, takes -100 * x (failed, before in 0 of 3 runs)",
        "notify: 2500+500 -> - * (did not run here; ran in 3 of 3 runs)",
        "write: 6000+2000 -> 9900+2300!, starts 3900, takes 300 *",
        "publish: - -> 12200+50! * (ran in none of the runs before)",
      ]
    `);
    expect(view.steps.find(({ key }) => key === 'rank')?.before).toMatchObject({
      startMs: 2000,
      durationMs: 4100,
      range: { min: 4000, max: 4200 },
    });
  });

  it('marks a step that is skipped and never was', () => {
    const skipped = madeRun({
      ms: 8100,
      tools: { ...TOOLS, audit: { needs: ['fetch'], ms: [2000, 2000], outcome: 'skip' } },
    });
    const audit = viewBaseline(many, skipped).steps.find(({ key }) => key === 'audit');
    expect(audit).toMatchObject({ hasOtherOutcome: true, isMaterial: true, notes: ['skipped; ran in 3 of 3 runs'] });
  });

  it('of no runs has nothing but the run', () => {
    const view = viewBaseline([], after);
    expect(view).toMatchObject({
      totals: [],
      before: { kind: 'runs', runs: 0 },
      limits: ['there is no run to compare with'],
    });
    expect(view.steps).toHaveLength(5);
  });
});

describe('laws', () => {
  it('a run beside itself has nothing material, and each of its steps once', () => {
    fc.assert(
      fc.property(anyRun(), (run) => {
        const view = viewComparison(run, run);
        expect(view.steps.filter(({ isMaterial }) => isMaterial)).toEqual([]);
        for (const row of view.steps) expect(row).toMatchObject({ shiftMs: 0, changeMs: 0, hasOtherOutcome: false });
        expect(new Set(view.steps.map(({ key }) => key)).size).toBe(view.steps.length);
      }),
    );
  });

  it('what one run has alone, the other way round the other has alone', () => {
    fc.assert(
      fc.property(anyRun(), anyRun(), (one, two) => {
        expect(aloneIn(viewComparison(one, two), 'before')).toEqual(aloneIn(viewComparison(two, one), 'after'));
        expect(aloneIn(viewComparison(one, two), 'after')).toEqual(aloneIn(viewComparison(two, one), 'before'));
      }),
    );
  });

  it('the shares and the rest add up to the change', () => {
    fc.assert(
      fc.property(anyRun({ whole: true }), anyRun({ whole: true }), (one, two) => {
        const view = viewComparison(one, two);
        const change = view.totals.find(({ name }) => name === 'the run')?.change;
        const changes = changesOf(view);
        if (changes.length > 0)
          expect(changes.reduce((sum, { changeMs }) => sum + changeMs!, 0)).toBeCloseTo(change!, 1);
      }),
    );
  });
});

function rowText({ name, before, after, shiftMs, changeMs, notes, isMaterial, hasOtherOutcome }: StepRow): string {
  const side = (of: StepRow['before']): string =>
    of ? `${of.startMs}+${of.durationMs}${of.isCritical ? '!' : ''}` : '-';
  const changes = changeMs === undefined ? '' : `, starts ${shiftMs}, takes ${changeMs}`;
  const marks = `${isMaterial ? ' *' : ''}${hasOtherOutcome ? ' x' : ''}`;
  return `${name}: ${side(before)} -> ${side(after)}${changes}${marks}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`;
}

function changesOf({ waterfall }: CompareView): WaterfallBar[] {
  return waterfall?.bars.filter(({ changeMs }) => changeMs !== undefined) ?? [];
}

function aloneIn({ steps }: CompareView, side: 'before' | 'after'): string[] {
  return steps
    .filter((row) => row[side] && !row[side === 'before' ? 'after' : 'before'])
    .map(({ name }) => name)
    .toSorted();
}
