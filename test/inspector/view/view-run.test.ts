import { describe, expect, it } from 'vitest';
import type { ReceivedSpan } from '../../../src/explain/read/received-span.ts';
import { readTrace } from '../../../src/explain/read/read-trace.ts';
import type { OpenSpan } from '../../../src/inspector/live-spans.ts';
import type { RunView } from '../../../src/inspector/view/run-view.ts';
import { type RunSurroundings, viewRun } from '../../../src/inspector/view/view-run.ts';
import { MAX_STEPS } from '../../../src/inspector/view/walk-steps.ts';
import { madeRunSpans } from '../../explain/made-runs.ts';
import { made, ours } from '../../explain/made-spans.ts';

const NOTHING: RunSurroundings = {
  open: new Map(),
  nowNs: 0n,
  usual: undefined,
  lastSuccess: undefined,
};

function viewOf(spans: readonly ReceivedSpan[], surroundings: Partial<RunSurroundings> = {}): RunView {
  const [run] = readTrace(spans).runs;
  return viewRun(run!, { ...NOTHING, ...surroundings });
}

/** A run of which some spans are open. */
function viewOfOpen(
  ended: readonly ReceivedSpan[],
  open: readonly ReceivedSpan[],
  atMs: number,
  ofAll: Partial<OpenSpan> = {},
): RunView {
  const [start] = [...open, ...ended].map(({ startNs }) => startNs).toSorted((a, b) => (a < b ? -1 : 1));
  const nowNs = start! + BigInt(atMs) * 1_000_000n;
  const [run] = readTrace([...ended, ...open.map((span) => ({ ...span, endNs: nowNs }))]).runs;
  const openSpans = open.map((span) => [span.spanId, { span, isInterrupted: false, ...ofAll }] as const);
  return viewRun(run!, { ...NOTHING, open: new Map(openSpans), nowNs });
}

/** A step of {@link viewOf}, as a line. */
function draw({ steps }: RunView): string[] {
  return steps.map(({ key, state, startMs, endMs, parent }) => {
    const times = startMs === undefined ? '' : ` ${startMs} to ${endMs ?? 'now'}`;
    return `${parent === undefined ? '' : `${steps[parent]!.key} > `}${key}: ${state}${times}`;
  });
}

const MAPPED = {
  fetch: { ms: [0, 100] },
  lookup: { ms: [0, 300], attempts: 2 },
  rank: { needs: ['fetch', 'lookup'], mapping: { rows: '{fetch.data.rows}', title: 'a literal' }, ms: [300, 500] },
  write: { needs: ['rank'], mapping: { old: '{fetch}' }, ms: [500, 600], outcome: 'failure', error: 'disk full' },
} as const;

describe('a run described for the page', () => {
  it('has every step in the order of the plan, with its times', () => {
    const view = viewOf(madeRunSpans({ ms: 600, tools: MAPPED, outcome: 'failure' }));
    expect(draw(view)).toEqual([
      'fetch: success 0 to 100',
      'lookup: success 0 to 300',
      'rank: success 300 to 500',
      'write: failure 500 to 600',
    ]);
    expect(view).toMatchObject({
      state: 'ended',
      outcome: 'failure',
      durationMs: 600,
      completeness: { planned: 4, seen: 4 },
    });
    expect(view.steps[3]).toMatchObject({ error: 'disk full', waitMs: 0 });
  });

  it('tells how much of a group ran at once where that lasted long enough to be told', () => {
    const tools = { quick: { ms: [0, 0] }, slow: { needs: ['quick'], ms: [0, 5] } } as const;
    const { groups } = viewOf(madeRunSpans({ ms: 5, tools }));
    expect(groups.map(({ parallelism }) => parallelism)).toEqual([undefined, { declared: 1, peak: 1, achieved: 1 }]);
  });

  it('tells control from data, and what is read without being declared', () => {
    const { edges, steps } = viewOf(madeRunSpans({ ms: 600, tools: MAPPED }));
    const drawn = edges.map(({ from, to, kind, isDeclared, mappings, isCritical }) => {
      const how = [kind, ...(isDeclared ? [] : ['undeclared']), ...(isCritical ? ['critical'] : [])].join(' ');
      return `${steps[from]!.key} > ${steps[to]!.key} ${how} ${mappings.map(({ field, ref }) => `${field}=${ref}`).join()}`.trim();
    });
    expect(drawn).toEqual([
      'fetch > rank data rows={fetch.data.rows}',
      'lookup > rank control critical',
      'rank > write control critical',
      'fetch > write data undeclared old={fetch}',
    ]);
  });

  it('has the critical path, and how much room the others have', () => {
    const view = viewOf(madeRunSpans({ ms: 600, tools: MAPPED }));
    expect(view.criticalPath).toEqual({ steps: [1, 2, 3], ms: 600 });
    expect(view.steps.map(({ slackMs }) => slackMs)).toEqual([200, 0, 0, 0]);
  });

  it('connects passes of a loop with the pass before them', () => {
    const view = viewOf(
      madeRunSpans({
        ms: 400,
        tools: {
          draft: { ms: [0, 100], passes: [[200, 300]] },
          review: { needs: ['draft'], ms: [100, 200], passes: [[300, 400]] },
        },
      }),
    );
    const { steps, edges } = view;
    expect(edges.map(({ from, to }) => `${steps[from]!.key} > ${steps[to]!.key}`)).toEqual([
      'draft > review',
      'draft#2 > review#2',
    ]);
  });

  it('says for which pass of a loop a step waited', () => {
    const { steps } = viewOf(
      madeRunSpans({
        ms: 440,
        strategy: 'serial',
        tools: {
          draft: { ms: [0, 100], passes: [[200, 300]] },
          review: { needs: ['draft'], ms: [100, 200], passes: [[320, 440]] },
        },
      }),
    );
    expect(steps.map(({ key, lastDependency }) => [key, lastDependency])).toEqual([
      ['draft', undefined],
      ['draft#2', { toolId: 'review', iteration: 1, ms: 200 }],
      ['review', { toolId: 'draft', iteration: 1, ms: 0 }],
      ['review#2', { toolId: 'draft', iteration: 2, ms: 0 }],
    ]);
  });

  it('has no edge for what the first pass of a loop could not read yet', () => {
    const { steps, edges } = viewOf(
      madeRunSpans({
        ms: 400,
        tools: {
          draft: { mapping: { advice: '{review.data}' }, ms: [0, 100], passes: [[200, 300]] },
          review: { needs: ['draft'], ms: [100, 200], passes: [[300, 400]] },
        },
      }),
    );
    expect(edges.map(({ from, to, kind }) => `${steps[from]!.key} > ${steps[to]!.key} ${kind}`)).toEqual([
      'review > draft#2 data',
      'draft > review control',
      'draft#2 > review#2 control',
    ]);
  });

  it('puts what a step called right after it', () => {
    const spans = madeRunSpans({ ms: 600, tools: { outer: { ms: [0, 600] }, next: { needs: ['outer'] } } });
    const outer = spans.find(({ attributes }) => attributes.get('orchestration.tool_id') === 'outer')!;
    const inner = ours('step', 'inner', {
      parent: outer.name,
      ms: [100, 200],
      attributes: { tool_id: 'inner', planned: false, outcome: 'success' },
    });
    const deep = ours('step', 'deep', {
      parent: 'inner',
      ms: [110, 120],
      attributes: { tool_id: 'inner', planned: false, outcome: 'success' },
    });
    const http = made('GET', { parent: 'deep', ms: [111, 112] });
    const view = viewOf([...spans, { ...inner, parentSpanId: outer.spanId }, deep, http]);
    expect(draw(view)).toEqual([
      'outer: success 0 to 600',
      'outer > inner: success 100 to 200',
      'inner > inner~2: success 110 to 120',
      'next: no span',
    ]);
    expect(view.steps.map(({ spanCount }) => spanCount)).toEqual([0, 0, 1, 0]);
  });

  it('says what is usual', () => {
    const usual = { runs: 3, medianMs: 400, steps: new Map([['1 rank', 50]]) };
    const view = viewOf(madeRunSpans({ ms: 600, tools: MAPPED }), { usual });
    expect(view.usual).toEqual({ runs: 3, medianMs: 400 });
    expect(view.steps.map(({ usualMs }) => usualMs)).toEqual([undefined, undefined, 50, undefined]);
  });

  it('shows the first steps of a run that has too many, and says how many there are', () => {
    const ids = Array.from({ length: MAX_STEPS + 2 }, (_, index) => `t${index}`);
    const spans = ids.map((id, index) =>
      ours('step', `s${index}`, { parent: 'run', ms: [0, 1], attributes: { tool_id: id, outcome: 'success' } }),
    );
    const view = viewOf([ours('run', 'run', { ms: [0, 10], attributes: { outcome: 'success' } }), ...spans]);
    expect(view.steps).toHaveLength(MAX_STEPS);
    expect(view.totalSteps).toBe(MAX_STEPS + 2);
  });

  it('leaves what has no times out of the times of its group', () => {
    const timeless = { startNs: 0n, endNs: 0n };
    const spans = madeRunSpans({ ms: 100, tools: { a: { ms: [10, 20] }, b: { ms: [10, 30] } } });
    const attempt = ours('attempt', 'try', { parent: 'a.0', attributes: { attempt: 1 }, ...timeless });
    const view = viewOf([...spans.map((span) => (span.name === 'b.0' ? { ...span, ...timeless } : span)), attempt]);
    expect(view.groups).toMatchObject([{ startMs: 10, endMs: 20 }]);
    expect(view.steps.find(({ key }) => key === 'a')).toMatchObject({ attempts: [{ startMs: 10, endMs: 10 }] });
    const group = ours('group', 'g', { parent: 'run', attributes: { group_index: 0 }, ...timeless });
    const [{ startMs, endMs }] = viewOf([...spans, group]).groups as [RunView['groups'][number]];
    expect([startMs, endMs]).toEqual([undefined, undefined]);
  });

  it('does not end a group before it starts', () => {
    const group = ours('group', 'g', { parent: 'run', ms: [90, 10], attributes: { group_index: 0 } });
    expect(viewOf([...madeRunSpans({ ms: 100, tools: { a: {} } }), group]).groups).toMatchObject([
      { startMs: 90, endMs: 90 },
    ]);
  });

  it('took what its own span says, whatever went on after it', () => {
    const view = viewOf(madeRunSpans({ ms: 100, tools: { a: { ms: [0, 50] }, b: { needs: ['a'], ms: [50, 5000] } } }));
    expect(view).toMatchObject({
      durationMs: 100,
      verdict: expect.stringMatching(/^Succeeded in 100 ms, but b went on/),
    });
  });

  it('gives each step a key of its own, whatever tools are called', () => {
    const spans = madeRunSpans({ ms: 100, tools: { a: { ms: [0, 50] }, 'a~2': { ms: [60, 100] } } });
    const again = ours('step', 'again', { parent: 'run', ms: [50, 60], attributes: { tool_id: 'a', group_index: 0 } });
    expect(draw(viewOf([...spans, again])).toSorted()).toEqual([
      'a: success 0 to 50',
      'a~2: unknown 50 to 60',
      'a~2~2: success 60 to 100',
    ]);
  });

  it('has every step of its critical path, also of those that have tool and pass in common', () => {
    const pass = (id: string, ms: readonly [number, number]): ReceivedSpan =>
      ours('step', id, { parent: 'run', ms, attributes: { tool_id: 'a', group_index: 0, iteration: 2 } });
    const spans = madeRunSpans({ ms: 100, tools: { a: { ms: [0, 30] } } });
    const view = viewOf([...spans, pass('x', [30, 60]), pass('y', [60, 100])]);
    expect(view.criticalPath).toEqual({ steps: [0, 1, 2], ms: 100 });
  });

  it('gives no reason beside that no span of a step arrived, where nobody says more', () => {
    const tools = { fetch: { ms: [0, 10] }, rank: { needs: ['fetch'] } } as const;
    const [, rank] = viewOf(madeRunSpans({ ms: 20, tools })).steps;
    expect([rank?.state, rank?.reason]).toEqual(['no span', undefined]);
    const [, unknown] = viewOf(madeRunSpans({ ms: undefined, tools })).steps;
    expect([unknown?.state, unknown?.reason]).toEqual(['no span', 'not started or not ended']);
  });

  it('is plain JSON', () => {
    const view = viewOf(madeRunSpans({ ms: 600, tools: MAPPED }));
    expect(JSON.parse(JSON.stringify(view))).toEqual(JSON.parse(JSON.stringify({ ...view })));
  });
});

describe('a run that goes on', () => {
  const tools = { fetch: { ms: [0, 100] }, lookup: { ms: [0, 300] }, rank: { needs: ['fetch', 'lookup'] } } as const;
  const all = madeRunSpans({ ms: 300, tools });
  const of = (...names: string[]): ReceivedSpan[] => all.filter(({ name }) => names.includes(name));
  const run = of('run');
  const [plan, fetch, lookup] = [of('plan'), of('fetch.0'), of('lookup.0')];

  it('shows what runs, what ended and what is planned', () => {
    const view = viewOfOpen([...plan, ...fetch], [...run, ...lookup], 250);
    expect(draw(view)).toEqual(['fetch: success 0 to 100', 'lookup: running 0 to now', 'rank: planned']);
    expect(view).toMatchObject({
      state: 'running',
      nowMs: 250,
      durationMs: 250,
      completeness: { planned: 3, seen: 2 },
    });
    expect(view.explanation.parallelism.peak).toBe(2);
    expect(view.outcome).toBeUndefined();
    expect(view.verdict).toBe('Running: 1 of 3 planned steps ended; lookup is running.');
  });

  it('is there as soon as its plan is', () => {
    const view = viewOfOpen(plan, run, 1);
    expect(draw(view)).toEqual(['fetch: planned', 'lookup: planned', 'rank: planned']);
    expect(view).toMatchObject({ planName: 'nightly', strategy: 'dag' });
  });

  it('is there before anything has ended', () => {
    const view = viewOfOpen([], run, 1);
    expect(view).toMatchObject({ planName: 'nightly', state: 'running', steps: [] });
  });

  it('does not answer when its process is silent: what runs is named, and what may have started since', () => {
    const silent = { silentSinceNs: run[0]!.startNs + 200_000_000n };
    const view = viewOfOpen([...plan, ...fetch], [...run, ...lookup], 9000, silent);
    expect(view).toMatchObject({ state: 'running', silentSinceMs: 200 });
    expect(view.verdict).toBe(
      'Does not answer: its process is halted, or kept busy by lookup, or rank after it; 1 of 3 planned steps ended.',
    );
    expect(viewOfOpen([...plan, ...fetch, ...lookup], run, 9000, silent).verdict).toBe(
      'Does not answer: its process is halted, or kept busy by rank; 2 of 3 planned steps ended.',
    );
    expect(
      viewOfOpen(
        all.filter(({ name }) => name !== 'run'),
        run,
        9000,
        silent,
      ).verdict,
    ).toContain('by rank;');
    expect(viewOfOpen([], run, 9000, silent).verdict).toBe(
      'Does not answer: its process is halted, or kept busy by something outside its steps; 0 steps ended.',
    );
  });

  it('is interrupted when its process died, and what had not started did not', () => {
    const view = viewOfOpen([...plan, ...fetch], [...run, ...lookup], 250, {
      isInterrupted: true,
      interruptedAtNs: run[0]!.startNs + 250_000_000n,
    });
    expect(draw(view)).toEqual(['fetch: success 0 to 100', 'lookup: interrupted 0 to now', 'rank: not started']);
    expect(view).toMatchObject({ state: 'interrupted', durationMs: 250 });
    expect(view.verdict).toBe('Interrupted: its process ended while lookup ran; 1 of 3 planned steps ended.');
  });

  it('goes on when only the process of one of its steps died', () => {
    const [ours, theirs] = [run, lookup].map(([span]) => span!);
    const open = new Map([
      [ours!.spanId, { span: ours!, isInterrupted: false }],
      [theirs!.spanId, { span: theirs!, isInterrupted: true, interruptedAtNs: theirs!.startNs + 10_000_000n }],
    ]);
    const [read] = readTrace([...plan, ...fetch, ...run, ...lookup]).runs;
    const view = viewRun(read!, { ...NOTHING, open, nowNs: ours!.startNs + 250_000_000n });
    expect(draw(view)).toEqual(['fetch: success 0 to 100', 'lookup: interrupted 0 to now', 'rank: planned']);
    expect(view).toMatchObject({ state: 'running', nowMs: 250 });
    expect(view.verdict).toBe(
      'Running: 1 of 3 planned steps ended; the process of lookup ended; no step is running at the moment.',
    );
  });

  it('does not go on because another run of its trace does', () => {
    const other = ours('run', 'other', { ms: [0, 300] });
    const open = new Map([
      [run[0]!.spanId, { span: run[0]!, isInterrupted: true, interruptedAtNs: run[0]!.startNs }],
      [other.spanId, { span: other, isInterrupted: false }],
    ]);
    const reads = readTrace([...plan, ...run, other]).runs;
    const states = reads.map((read) => viewRun(read, { ...NOTHING, open, nowNs: run[0]!.startNs + 9n }).state);
    expect(states.toSorted()).toEqual(['interrupted', 'running']);
  });

  it('counts a tool that runs again once, and not as ended', () => {
    const loop = madeRunSpans({
      ms: 300,
      tools: {
        draft: {
          ms: [0, 100],
          passes: [
            [100, 200],
            [200, 300],
          ],
        },
      },
    });
    const [ended, open] = [
      loop.filter(({ name }) => !['run', 'draft.2'].includes(name)),
      loop.filter(({ name }) => ['run', 'draft.2'].includes(name)),
    ];
    expect(viewOfOpen(ended, open, 250).verdict).toBe('Running: 0 of 1 planned steps ended; draft #3 is running.');
  });

  it('counts only what its plan has, and without a plan every step', () => {
    const more = ['x', 'y', 'z'].map((id) =>
      ours('step', id, { parent: 'run', ms: [0, 10], attributes: { tool_id: id, outcome: 'success' } }),
    );
    expect(viewOfOpen([...plan, ...fetch, ...more], run, 250).verdict).toBe(
      'Running: 1 of 3 planned steps ended; no step is running at the moment.',
    );
    const calls = [0, 1, 2].map((at) =>
      ours('step', `call${at}`, { parent: 'run', ms: [at, at + 1], attributes: { tool_id: 'llm', iteration: at + 1 } }),
    );
    expect(viewOfOpen(calls, run, 250).verdict).toBe('Running: 3 steps ended; no step is running at the moment.');
  });

  it('has no negative times where the clock of its process is ahead', () => {
    expect(viewOfOpen(plan, run, -60_000)).toMatchObject({ durationMs: 0, nowMs: 0 });
  });

  it('is unfinished when nobody tells whether it goes on', () => {
    const view = viewOf([...plan, ...fetch]);
    expect(draw(view)).toEqual(['fetch: success 0 to 100', 'lookup: no span', 'rank: not started']);
    expect(view.state).toBe('unfinished');
  });
});
