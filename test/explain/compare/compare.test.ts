import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareRuns } from '../../../src/explain/compare/compare.ts';
import type { Change } from '../../../src/explain/compare/change.ts';
import type { Comparison } from '../../../src/explain/compare/comparison.ts';
import { explainRun } from '../../../src/explain/explain-run.ts';
import { reconstruct } from '../../../src/explain/read/reconstruct.ts';
import type { AttributeValue } from '../../../src/explain/read/received-span.ts';
import type { Run } from '../../../src/explain/read/run.ts';
import { anyRun, madeRun, madeRunSpans, type MadeTool } from '../made-runs.ts';

/** fetch > rank > write, 8 s; audit beside rank. */
const BEFORE: Record<string, MadeTool> = {
  fetch: { ms: [0, 2000] },
  rank: { needs: ['fetch'], ms: [2000, 6000] },
  audit: { needs: ['fetch'], ms: [2000, 3000] },
  write: { needs: ['rank'], ms: [6000, 8000] },
};
const before = madeRun({ ms: 8100, tools: BEFORE });

describe('the summary', () => {
  it('names the step that a longer run comes from, its attempts, and what is new in the plan', () => {
    const after = madeRun({
      ms: 12_300,
      tools: {
        fetch: { ms: [0, 2000] },
        rank: { needs: ['fetch'], ms: [2000, 9900], attempts: 3 },
        audit: { needs: ['fetch'], ms: [2000, 3000] },
        write: { needs: ['rank'], ms: [9900, 12_200] },
        publish: { needs: ['write'], ms: [12_200, 12_200] },
      },
    });
    expect(compareRuns(before, after).summary).toMatchInlineSnapshot(
      `"4.20 s longer (+52 %): rank took 3.90 s longer, 3 attempts instead of 1. The plan has one tool more: publish."`,
    );
    expect(compareRuns(after, before).summary).toMatchInlineSnapshot(
      `"4.20 s shorter (-34 %): rank took 3.90 s less, 1 attempt instead of 3. The plan has one tool fewer: publish."`,
    );
  });

  it('says when nothing changed', () => {
    expect(compareRuns(before, before).summary).toBe('Nothing changed: 8.10 s, 4 steps.');
  });

  it('says what made up for what', () => {
    const tools = { ...BEFORE, fetch: { ms: [0, 4000] }, rank: { needs: ['fetch'], ms: [4000, 6000] } } as const;
    const after = madeRun({ ms: 8110, tools: { ...tools, audit: { needs: ['fetch'], ms: [4000, 5000] } } });
    expect(compareRuns(before, after).summary).toMatchInlineSnapshot(
      `"About as long as before: 8.11 s instead of 8.10 s; fetch took 2.00 s longer; rank took 2.00 s less."`,
    );
  });

  it('calls a step that did not decide the duration no reason', () => {
    const after = madeRun({ ms: 8100, tools: { ...BEFORE, audit: { needs: ['fetch'], ms: [2000, 5500] } } });
    expect(compareRuns(before, after).summary).toMatchInlineSnapshot(
      `"As long as before: 8.10 s. Of the steps, audit changed most: 2.50 s longer."`,
    );
  });

  it('blames no single step where another chain decided', () => {
    const tools: Record<string, MadeTool> = {
      ...BEFORE,
      audit: { needs: ['fetch'], ms: [2000, 11_000] },
      write: { needs: ['rank', 'audit'], ms: [11_000, 13_000] },
    };
    const after = madeRun({ ms: 13_100, tools });
    expect(compareRuns(before, after).summary).toMatchInlineSnapshot(
      `"5.00 s longer (+62 %): the run waited for audit (9.00 s), before for rank (4.00 s). In the plan, write depends on audit, rank instead of rank."`,
    );
  });

  it('tells waiting from working', () => {
    const tools = { ...BEFORE, rank: { needs: ['fetch'], ms: [5000, 9000] } } as const;
    const after = madeRun({ ms: 11_100, tools: { ...tools, write: { needs: ['rank'], ms: [9000, 11_000] } } });
    expect(compareRuns(before, after).summary).toMatchInlineSnapshot(
      `"3.00 s longer (+37 %): 3.00 s more passed before rank started."`,
    );
    const late = madeRun({ ms: 9100, tools: BEFORE });
    expect(compareRuns(before, late).summary).toMatchInlineSnapshot(
      `"1.00 s longer (+12 %): 1.00 s more passed after the last step."`,
    );
  });

  it('says another outcome first', () => {
    const failed = madeRun({
      ms: 3100,
      outcome: 'failure',
      tools: {
        ...BEFORE,
        rank: { needs: ['fetch'], ms: [2000, 3000], outcome: 'failure', error: 'out of memory' },
        write: { needs: ['rank'], ms: [3000, 3000], outcome: 'skip' },
      },
    });
    expect(compareRuns(before, failed).summary).toMatchInlineSnapshot(
      `"Failed, succeeded before: rank failed (out of memory). 5.00 s shorter (-62 %): rank took 3.00 s less; write did not run (2.00 s)."`,
    );
    expect(compareRuns(failed, before).summary).toMatchInlineSnapshot(
      `"Succeeded; failed before, at rank. 5.00 s longer (+161 %): rank took 3.00 s longer; write did not run before (2.00 s)."`,
    );
    expect(compareRuns(failed, failed).summary).toMatchInlineSnapshot(
      `"Failed at rank (out of memory), as before. Nothing changed: 3.10 s, 4 steps."`,
    );
  });

  it('names a step that failed in a run that did not', () => {
    const tools = { ...BEFORE, audit: { needs: ['fetch'], ms: [2000, 3000], outcome: 'timeout' } } as const;
    const after = madeRun({ ms: 8100, tools: { ...tools, extra: { ms: [0, 10] } } });
    expect(compareRuns(before, after).summary).toMatchInlineSnapshot(
      `"As long as before: 8.10 s. audit timed out, succeeded before."`,
    );
  });

  it('says that plans are different ones', () => {
    const after = madeRun({ ms: 500, name: 'weekly', tools: { count: { ms: [0, 500] } } });
    expect(compareRuns(before, after).summary).toMatchInlineSnapshot(
      `"These are runs of different plans, nightly and weekly. 7.60 s shorter (-94 %): the run waited for count (500 ms), before for fetch, rank and write (8.00 s)."`,
    );
    const renamed = madeRun({ ms: 8100, name: 'weekly', tools: BEFORE });
    expect(compareRuns(before, renamed).summary).toMatchInlineSnapshot(
      `"As long as before: 8.10 s. The plan is called weekly instead of nightly."`,
    );
  });

  it('compares no durations of a run that has not ended', () => {
    const { write: _, ...tools } = BEFORE;
    const open = madeRun({ ms: undefined, tools: { ...tools, rank: { needs: ['fetch'], ms: [2000, 7000] } } });
    const comparison = compareRuns(before, open);
    expect(comparison).toMatchObject({ duration: undefined, criticalPath: undefined, shares: undefined });
    expect(comparison.summary).toMatchInlineSnapshot(
      `"No end of the run after arrived: durations and critical paths are not compared. Of the steps, rank changed most: 1.00 s longer."`,
    );
  });

  it('compares what runs took that ended without saying how', () => {
    const silent = madeRun({
      ms: 9100,
      outcome: null,
      tools: { ...BEFORE, write: { needs: ['rank'], ms: [6000, 9000] } },
    });
    expect(compareRuns(before, silent)).toMatchObject({
      limits: [],
      duration: { before: 8100, after: 9100 },
      criticalPath: { length: { before: 8000, after: 9000 } },
      summary: 'Ended without an outcome; succeeded before. 1.00 s longer (+12 %): write took 1.00 s longer.',
    });
    expect(compareRuns(silent, silent).summary).toBe('Nothing changed: 9.10 s, 4 steps.');
  });

  it('stays within 300 characters, whatever the names', () => {
    const name = fc.string({ minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(name, name, fc.nat(5000), (a, b, more) => {
        const long = (ms: number): MadeTool => ({ ms: [0, ms], error: b.repeat(3), outcome: 'failure' });
        const one = madeRun({ ms: 100, name: a, outcome: 'failure', tools: { [a]: long(100) } });
        const two = madeRun({ ms: 100 + more, name: b, outcome: 'failure', tools: { [b]: long(100 + more) } });
        const { summary } = compareRuns(one, two);
        expect(summary.length).toBeLessThanOrEqual(300);
        expect(summary).not.toMatch(/\n/);
      }),
      { numRuns: 50 },
    );
  });
});

describe('steps', () => {
  it('are matched by tool and pass, with what changed of each', () => {
    const tools = (shift: number): Record<string, MadeTool> => ({
      act: { ms: [0, 10], passes: [[20 + shift, 30 + 2 * shift]] },
    });
    const { steps } = compareRuns(madeRun({ ms: 40, tools: tools(0) }), madeRun({ ms: 60, tools: tools(5) }));
    expect(steps).toEqual([
      {
        toolId: 'act',
        iteration: 2,
        start: { before: 20, after: 25, change: 5, ratio: 1.25 },
        duration: { before: 10, after: 15, change: 5, ratio: 1.5 },
        // It could start when its first pass had ended.
        wait: { before: 10, after: 15, change: 5, ratio: 1.5 },
        attempts: { before: 1, after: 1, change: 0, ratio: 1 },
        outcomeBefore: 'success',
        outcomeAfter: 'success',
      },
      expect.objectContaining({
        toolId: 'act',
        iteration: 1,
        start: { before: 0, after: 0, change: 0, ratio: undefined },
      }),
    ]);
  });

  it('of one run alone say why the other does not have them', () => {
    const all = madeRun({
      ms: 90,
      tools: {
        a: { ms: [0, 10], passes: [[20, 30]] },
        b: { ms: [0, 20] },
        c: { ms: [0, 30] },
        d: { ms: [0, 40] },
      },
    });
    const some = madeRun({ ms: 90, tools: { a: { ms: [0, 10] }, b: {}, c: { ms: [0, 0], outcome: 'skip' } } });
    expect(compareRuns(all, some).onlyBefore).toEqual([
      { toolId: 'd', iteration: 1, durationMs: 40, outcome: 'success', reason: 'not planned' },
      { toolId: 'b', iteration: 1, durationMs: 20, outcome: 'success', reason: 'no span' },
      { toolId: 'a', iteration: 2, durationMs: 10, outcome: 'success', reason: 'fewer passes' },
    ]);
    expect(compareRuns(all, some).steps[0]).toMatchObject({
      toolId: 'c',
      outcomeBefore: 'success',
      outcomeAfter: 'skip',
    });
  });
});

describe('a further pass whose span did not arrive', () => {
  it('makes the critical path uncertain, and is what the other run has alone', () => {
    const spans = madeRunSpans({
      ms: 90,
      tools: {
        think: { ms: [0, 10], passes: [[20, 30]] },
        act: { needs: ['think'], ms: [10, 20], passes: [[30, 40]] },
      },
    });
    const toThink = new Map<string, AttributeValue>([
      ['orchestration.link.type', 'depends_on'],
      ['orchestration.tool_id', 'think'],
    ]);
    const thinkIds = ['think.0', 'think.1'].map((name) => spans.find((span) => span.name === name)!.spanId);
    const linked = spans.map((span) =>
      span.name.startsWith('act.')
        ? {
            ...span,
            links: [{ traceId: span.traceId, spanId: thinkIds[Number(span.name.at(-1))]!, attributes: toThink }],
          }
        : span,
    );
    const whole = reconstruct(linked)[0]!;
    const lost = reconstruct(linked.filter(({ name }) => name !== 'think.1'))[0]!;
    expect(compareRuns(whole, whole).criticalPath).toBeDefined();
    expect(compareRuns(whole, lost)).toMatchObject({
      criticalPath: undefined,
      shares: undefined,
      onlyBefore: [{ toolId: 'think', iteration: 2, reason: 'no span' }],
      limits: ['no span of think #2 of the run after arrived: critical paths are not compared'],
    });
  });
});

describe('plans', () => {
  it('are compared in everything that they say', () => {
    const old = madeRun({
      ms: 10,
      strategy: 'dag',
      hash: 'aa',
      tools: {
        a: { type: 'http' },
        b: { needs: ['a'], mapping: { q: '{a.data}' } },
        c: { needs: ['a', 'b'] },
        gone: {},
      },
    });
    const now = madeRun({
      ms: 10,
      strategy: 'serial',
      hash: 'bb',
      name: 'weekly',
      tools: { a: { type: 'db' }, b: { mapping: { q: '{a.data.id}', n: '5' } }, c: { needs: ['b', 'a'] }, extra: {} },
    });
    expect(compareRuns(old, now).planChanges.map(({ kind, text }) => `${kind}: ${text}`)).toMatchInlineSnapshot(`
      [
        "plan_name: the plan is called weekly instead of nightly",
        "strategy: the strategy is serial instead of dag",
        "tool_type: a is of the type db instead of http",
        "depends_on: b depends on nothing instead of a",
        "output_mapping: b is given n <- 5, q <- {a.data.id} instead of q <- {a.data}",
        "group: b is in group 0 instead of 1",
        "tool_added: extra is new",
        "group: c is in group 1 instead of 2",
        "tool_removed: gone is gone",
      ]
    `);
  });

  it('with another hash alone differ in what cannot be seen', () => {
    const [one, two] = ['aa', 'bb'].map((hash) => madeRun({ ms: 8100, hash, tools: BEFORE }));
    expect(compareRuns(one!, one!).planChanges).toEqual([]);
    expect(compareRuns(one!, two!).summary).toMatchInlineSnapshot(
      `"As long as before: 8.10 s. The plan has another hash, though nothing that can be compared differs."`,
    );
  });

  it('that did not arrive, or are broken, are not compared', () => {
    const lost = madeRun({ ms: 8100, tools: BEFORE, hasPlan: false });
    expect(compareRuns(before, lost)).toMatchObject({
      planChanges: [],
      limits: ['the run after has no plan that arrived: plans are not compared'],
    });
    const none = madeRun({ ms: 8100, tools: { fetch: { ms: [0, 10] } }, hasPlan: false });
    expect(compareRuns(none, before)).toMatchObject({
      shares: undefined,
      limits: [
        'nothing says what the steps of the run before need: critical paths are not compared',
        'the run before has no plan that arrived: plans are not compared',
      ],
    });
  });

  it('with spans that were lost have no certain critical path', () => {
    const lost = madeRun({ ms: 8100, tools: { ...BEFORE, rank: { needs: ['fetch'] } } });
    expect(compareRuns(before, lost)).toMatchObject({
      criticalPath: undefined,
      shares: undefined,
      limits: ['no span of rank of the run after arrived: critical paths are not compared'],
    });
  });
});

describe('the division of the change', () => {
  it('adds up, step by step along the chain that decided', () => {
    const after = madeRun({
      ms: 9000,
      tools: {
        fetch: { ms: [100, 2500] },
        rank: { needs: ['fetch'], ms: [2500, 3000] },
        audit: { needs: ['fetch'], ms: [2600, 6000] },
        write: { needs: ['rank', 'audit'], ms: [6500, 8700] },
      },
    });
    const { shares, criticalPath } = compareRuns(before, after);
    expect(
      shares?.map(({ kind, before, after, total, gap }) => [
        kind,
        idsOf(before),
        idsOf(after),
        total.before,
        total.after,
        gap?.change,
      ]),
    ).toEqual([
      ['step', 'fetch', 'fetch', 2000, 2500, 100], // 100 before its start, 400 longer
      ['stretch', 'rank', 'audit', 4000, 3500, undefined], // audit started 100 late and took 3,400
      ['step', 'write', 'write', 2000, 2700, 500],
      ['end', '', '', 100, 300, undefined],
    ]);
    // Critical paths by the plan leave out what nobody asked for: 2,000 + 4,000 + 2,000; 2,400 + 3,400 + 2,200.
    expect(criticalPath?.length).toEqual({ before: 8000, after: 8000, change: 0, ratio: 1 });
    expect([criticalPath?.before, criticalPath?.after].map((path) => idsOf(path!))).toEqual([
      'fetch rank write',
      'fetch audit write',
    ]);
  });

  it('matches no steps that changed places', () => {
    const one = madeRun({
      ms: 30,
      tools: { a: { ms: [0, 10] }, b: { needs: ['a'], ms: [10, 20] }, c: { needs: ['b'], ms: [20, 30] } },
    });
    const two = madeRun({
      ms: 30,
      tools: { b: { ms: [0, 10] }, a: { needs: ['b'], ms: [10, 20] }, c: { needs: ['a'], ms: [20, 30] } },
    });
    expect(compareRuns(one, two).shares?.map(({ before, after }) => [idsOf(before), idsOf(after)])).toEqual([
      ['a b', 'b a'],
      ['c', 'c'],
      ['', ''],
    ]);
  });
});

describe('steps of another clock', () => {
  /** On a machine whose clock is ahead by so many milliseconds. */
  const onTwoHosts = (aheadMs: number, ms = 40): Run =>
    madeRun({
      ms: ms + 60,
      tools: {
        a: { ms: [0, 20] },
        b: { needs: ['a'], ms: [25 + aheadMs, 25 + ms + aheadMs], host: 'there' },
        c: { needs: ['b'], ms: [ms + 30, ms + 50] },
      },
    });

  it('are compared by what they took alone', () => {
    const comparison = compareRuns(onTwoHosts(0), onTwoHosts(40));
    expect(comparison).toMatchObject({
      summary: 'As long as before: 100 ms.',
      duration: { change: 0 },
      criticalPath: { length: { change: 0 } },
      shares: undefined,
      wait: undefined,
      limits: ['before', 'after'].map(
        (side) => `steps of the run ${side} ran by several clocks: starts and waits are not compared`,
      ),
    });
    expect(comparison.steps.map(({ toolId, start, wait }) => [toolId, start?.change, wait])).toEqual([
      ['a', 0, undefined],
      ['b', undefined, undefined],
      ['c', 0, undefined],
    ]);
    expect(compareRuns(onTwoHosts(0), onTwoHosts(-10, 80)).summary).toBe(
      '40 ms longer (+40 %). Of the steps, b changed most: 40 ms longer.',
    );
  });

  it('do not move the start of one that ran by the clock of its run before', () => {
    const here = madeRun({ ms: 100, tools: { a: { ms: [0, 20] }, b: { needs: ['a'], ms: [25, 65] } } });
    expect(compareRuns(here, onTwoHosts(40))).toMatchObject({
      limits: ['steps of the run after ran by several clocks: starts and waits are not compared'],
      shares: undefined,
      steps: [
        { toolId: 'a', start: { change: 0 } },
        { toolId: 'b', start: undefined },
      ],
    });
  });
});

describe('laws', () => {
  it('a run compared with itself has no change', () => {
    fc.assert(
      fc.property(anyRun(), (run) => {
        const { duration, criticalPath, wait, shares, steps, onlyBefore, onlyAfter, planChanges } = compareRuns(
          run,
          run,
        );
        const changes = [
          duration,
          criticalPath?.length,
          wait,
          ...(shares ?? []).flatMap(({ total, gap }) => [total, gap]),
          ...steps.flatMap(({ start, duration, wait, attempts }) => [start, duration, wait, attempts]),
        ];
        expect(changes.filter((change) => change !== undefined && change.change !== 0)).toEqual([]);
        expect([...onlyBefore, ...onlyAfter, ...planChanges]).toEqual([]);
        expect(steps.filter(({ outcomeBefore, outcomeAfter }) => outcomeBefore !== outcomeAfter)).toEqual([]);
      }),
    );
  });

  it('the comparison the other way round is its mirror', () => {
    fc.assert(
      fc.property(anyRun(), anyRun(), (one, two) => {
        const [forth, back] = [compareRuns(one, two), compareRuns(two, one)];
        expect(shapeOf(mirror(back))).toEqual(shapeOf(forth));
      }),
    );
  });

  it('the shares add up to both durations', () => {
    fc.assert(
      fc.property(anyRun({ whole: true }), anyRun({ whole: true }), (one, two) => {
        const { shares, duration } = compareRuns(one, two);
        fc.pre(shares !== undefined);
        for (const side of ['before', 'after', 'change'] as const)
          expect(shares.reduce((sum, { total }) => sum + total[side], 0)).toBeCloseTo(duration![side], 6);
      }),
    );
  });

  it('every step is in exactly one of the lists, and numbers are those of the explanations', () => {
    fc.assert(
      fc.property(anyRun(), anyRun(), (one, two) => {
        const { steps, onlyBefore, onlyAfter, criticalPath, summary } = compareRuns(one, two);
        const [old, now] = [explainRun(one), explainRun(two)];
        expect(steps.length + onlyBefore.length).toBe(old.steps.length);
        expect(steps.length + onlyAfter.length).toBe(now.steps.length);
        if (criticalPath)
          expect([criticalPath.length.before, criticalPath.length.after]).toEqual([
            old.criticalPath?.ms,
            now.criticalPath?.ms,
          ]);
        expect(summary.length).toBeGreaterThan(0);
        expect(summary.length).toBeLessThanOrEqual(300);
      }),
    );
  });
});

/** The comparison as the other way round would give it, but for its sentences. */
function mirror(comparison: Comparison): Comparison {
  const { duration, criticalPath, wait, shares, steps, planChanges, onlyBefore, onlyAfter } = comparison;
  const kinds = { tool_added: 'tool_removed', tool_removed: 'tool_added' } as const;
  return {
    ...comparison,
    duration: duration && turn(duration),
    criticalPath: criticalPath && {
      before: criticalPath.after,
      after: criticalPath.before,
      length: turn(criticalPath.length),
    },
    wait: wait && turn(wait),
    shares: shares?.map((share) => ({
      ...share,
      before: share.after,
      after: share.before,
      total: turn(share.total),
      gap: share.gap && turn(share.gap),
    })),
    steps: steps.map((step) => ({
      ...step,
      start: step.start && turn(step.start),
      duration: turn(step.duration),
      wait: step.wait && turn(step.wait),
      attempts: turn(step.attempts),
      outcomeBefore: step.outcomeAfter,
      outcomeAfter: step.outcomeBefore,
    })),
    onlyBefore: onlyAfter,
    onlyAfter: onlyBefore,
    planChanges: planChanges.map((change) => ({
      ...change,
      kind: kinds[change.kind as 'tool_added'] ?? change.kind,
      before: change.after,
      after: change.before,
    })),
  };
}

function turn({ before, after, change }: Change): Change {
  return {
    before: after,
    after: before,
    change: change === 0 ? 0 : -change,
    ratio: after > 0 ? before / after : undefined,
  };
}

/** Without sentences, and plan changes in no order. */
function shapeOf({
  duration,
  criticalPath,
  wait,
  shares,
  steps,
  onlyBefore,
  onlyAfter,
  planChanges,
}: Comparison): unknown {
  const changes = planChanges.map((change) => JSON.stringify({ ...change, text: '' })).toSorted();
  return { duration, criticalPath, wait, shares, steps, onlyBefore, onlyAfter, changes };
}

function idsOf(steps: readonly { toolId: string }[]): string {
  return steps.map(({ toolId }) => toolId).join(' ');
}
