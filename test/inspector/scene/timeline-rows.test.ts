import { describe, expect, it } from 'vitest';
import {
  type RowOptions,
  type SpanBelow,
  type TimelineRow,
  timelineRows,
} from '../../../src/inspector/scene/timeline-rows.ts';
import type { RunView } from '../../../src/inspector/view/run-view.ts';
import { madeLargeView, madeView } from '../made-views.ts';

const view = madeView({
  steps: [
    { toolId: 'lookup', group: 0, spanCount: 3 },
    { toolId: 'users', group: 0 },
    { toolId: 'inner', calledBy: 'users', group: 0, spanCount: 1 },
    { toolId: 'rank', group: 1, spanCount: 1, runs: [{ runSpanId: 'r1', planName: 'sub' }] },
    { toolId: 'rank', group: 1, iteration: 2 },
    { toolId: 'alone' },
  ],
});

function span(spanId: string, depth: number, attempt?: number): SpanBelow {
  return { spanId, depth, name: spanId, service: 's', startMs: 0, endMs: 1, hasFailed: false, attempt };
}

/** Rows as indented text: whether it is open, its id, its place among those of the same parent. */
function draw(view: RunView, options?: RowOptions): string {
  const line = (row: TimelineRow): string => {
    const caret = row.isOpen === undefined ? ' ' : row.isOpen ? 'v' : '>';
    const text = row.kind === 'note' ? ` ${row.text}` : '';
    return `${'  '.repeat(row.level - 1)}${caret} ${row.id}${text} ${row.position}/${row.siblings}`;
  };
  return `\n${timelineRows(view, options).map(line).join('\n')}\n`;
}

describe('rows of the timeline', () => {
  it('are groups with their steps, what steps called below them, then steps without a group', () => {
    expect(draw(view)).toMatchInlineSnapshot(`
      "
      v group:0 1/3
        > step:lookup 1/2
          step:users 2/2
          > step:inner 1/1
      v group:1 2/3
        > step:rank 1/2
            run:r1 1/1
          step:rank#2 2/2
        step:alone 3/3
      "
    `);
  });

  it('leave out what is below a collapsed group', () => {
    expect(draw(view, { collapsed: new Set([0]) })).toMatchInlineSnapshot(`
      "
      > group:0 1/3
      v group:1 2/3
        > step:rank 1/2
            run:r1 1/1
          step:rank#2 2/2
        step:alone 3/3
      "
    `);
  });

  it('show the spans of an open step before the runs and steps that it started', () => {
    const rank = [span('a1', 0, 1), span('get', 1), span('sql', 2), span('put', 1), span('a2', 0, 2)];
    const open = new Map([
      ['rank', rank],
      ['inner', [span('x', 0)]],
    ]);
    expect(draw(view, { open, collapsed: new Set([0]) })).toMatchInlineSnapshot(`
      "
      > group:0 1/3
      v group:1 2/3
        v step:rank 1/2
            attempt:a1 1/3
              span:get 1/2
                span:sql 1/1
              span:put 2/2
            attempt:a2 2/3
            run:r1 3/3
          step:rank#2 2/2
        step:alone 3/3
      "
    `);
    const rows = timelineRows(view, { open });
    expect(rows.find(({ id }) => id === 'span:x')).toMatchObject({ level: 4, position: 1, siblings: 1 });
  });

  it('put the steps that a step called after its spans and the runs that it started', () => {
    const both = madeView({
      steps: [
        { toolId: 'a', spanCount: 1, runs: [{ runSpanId: 'r1' }, { runSpanId: 'r2' }] },
        { toolId: 'b', calledBy: 'a' },
        { toolId: 'c', calledBy: 'a' },
      ],
    });
    expect(draw(both, { open: new Map([['a', [span('x', 0)]]]) })).toMatchInlineSnapshot(`
      "
      v step:a 1/1
          span:x 1/5
          run:r1 2/5
          run:r2 3/5
          step:b 4/5
          step:c 5/5
      "
    `);
  });

  it('say of an open step that its spans are on their way, did not come, or are none', () => {
    const textOf = (spans: readonly SpanBelow[] | string | undefined): string | undefined =>
      timelineRows(view, { open: new Map([['lookup', spans]]) }).find((row) => row.kind === 'note')?.text;
    expect([undefined, 'no answer', []].map(textOf)).toEqual(['loading spans…', 'no answer', 'no spans below it']);
  });

  it('ignore open steps that there are not, or that have nothing below them', () => {
    expect(
      draw(view, {
        open: new Map([
          ['users', undefined],
          ['gone', undefined],
        ]),
      }),
    ).toBe(draw(view));
  });

  it('are steps alone where there are no groups', () => {
    const rows = timelineRows(madeView({ steps: [{ toolId: 'a' }, { toolId: 'b', calledBy: 'a' }] }));
    expect(rows.map(({ id, level }) => [id, level])).toEqual([
      ['step:a', 1],
      ['step:b', 2],
    ]);
  });

  it('have nothing to open in a group without steps', () => {
    const rows = timelineRows({ ...madeView(), groups: [{ groupIndex: 0, isParallel: false }] });
    expect(rows).toEqual([{ kind: 'group', group: 0, id: 'group:0', level: 1, position: 1, siblings: 1 }]);
  });

  it('count what they do not show', () => {
    const rows = timelineRows({ ...view, otherSpans: 2, totalSteps: 10 });
    expect(rows.slice(-2).map((row) => row.kind === 'note' && row.text)).toEqual([
      '2 spans beside the steps, directly below the run or a group',
      '4 further steps not shown',
    ]);
    expect(rows.at(-1)).toMatchObject({ position: 5, siblings: 5 });
  });

  it('have each step once, however deep steps call each other', () => {
    const steps = Array.from({ length: 20_000 }, (_, at) => ({
      toolId: `t${at}`,
      ...(at > 0 && { calledBy: `t${at - 1}` }),
    }));
    const deep = { ...madeView(), steps: madeView({ steps: steps.slice(0, 2) }).steps };
    const chain = steps.map((_, at) => ({ ...deep.steps[1]!, key: `t${at}`, parent: at === 0 ? undefined : at - 1 }));
    const rows = timelineRows({ ...deep, steps: chain });
    expect(rows).toHaveLength(20_000);
    expect(rows.at(-1)).toMatchObject({ level: 20_000 });
  });

  it('are made fast enough for 50,000 steps to be opened and closed', () => {
    const large = madeLargeView(50_000);
    const startedAt = performance.now();
    expect(timelineRows(large)).toHaveLength(50_500);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('put steps that say they called themselves, or each other, at the top', () => {
    const [one, two] = madeView({ steps: [{ toolId: 'one' }, { toolId: 'two' }] }).steps;
    const rows = timelineRows({
      ...madeView(),
      steps: [
        { ...one!, parent: 1 },
        { ...two!, parent: 1 },
      ],
    });
    expect(rows.map(({ level }) => level)).toEqual([1, 1]);
  });
});
