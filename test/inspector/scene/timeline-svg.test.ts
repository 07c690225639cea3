import { describe, expect, it } from 'vitest';
import { DARK, LIGHT } from '../../../src/inspector/scene/palette.ts';
import { TimeScale } from '../../../src/inspector/scene/time-scale.ts';
import { criticalLinks } from '../../../src/inspector/scene/timeline-links.ts';
import { timelineRows } from '../../../src/inspector/scene/timeline-rows.ts';
import { MAX_SVG_ROWS, renderTimelineSvg, timelineSvgOf } from '../../../src/inspector/scene/timeline-svg.ts';
import { TimelineScene } from '../../../src/inspector/scene/timeline-scene.ts';
import { timesOf } from '../../../src/inspector/scene/timeline-times.ts';
import type { RunView, StepState } from '../../../src/inspector/view/run-view.ts';
import { type MadeStep, madeLargeView, madeView } from '../made-views.ts';
import { elementsOf, readXml, textOf } from '../read-xml.ts';

const STATES: StepState[] = [
  ...(['success', 'failure', 'error', 'timeout', 'cancellation', 'skip', 'unknown'] as const),
  ...(['running', 'interrupted', 'planned', 'not started', 'no span'] as const),
];
const everyState = madeView({
  state: 'running',
  steps: STATES.map((state, at) => ({
    toolId: state,
    state,
    group: at % 3,
    startMs: undefined,
    ...(at < 9 && { startMs: at * 10 }),
  })),
});

/** The texts of a picture, one a line. */
function textsOf(svg: string): string[] {
  return elementsOf(readXml(svg), 'text').map(textOf);
}

describe('the picture of a timeline', () => {
  it('has a row a group and a step, titles that say it in words, and a legend', () => {
    const steps: MadeStep[] = [
      { toolId: 'lookup', toolType: 'ci', group: 0, endMs: 1200, isCritical: true },
      { toolId: 'rank', group: 1, startMs: 1600, endMs: 3400, waitMs: 400, isCritical: true },
    ];
    const svg = timelineSvgOf(madeView({ steps, verdict: 'All is well.' }));
    expect(textsOf(svg)).toMatchInlineSnapshot(`
      [
        "made (dag): succeeded after 3.40 s",
        "0",
        "0.5 s",
        "1.0 s",
        "1.5 s",
        "2.0 s",
        "2.5 s",
        "3.0 s",
        "3.5 s",
        "✓",
        "group 0serial",
        "1.20 s1 of 1 done",
        "✓",
        "lookupci",
        "1.20 s",
        "✓",
        "group 1serial",
        "1.80 s1 of 1 done",
        "✓",
        "rank",
        "1.80 s",
        "hatched: ready, but waiting · thin: between attempts · underlined: critical path · dashed: did not start · upright line: usual end",
      ]
    `);
    expect(elementsOf(readXml(svg), 'title').map(textOf)).toContain(
      'rank, succeeded, started after 1.60 s, took 1.80 s, waited 400 ms, reason unknown, on the critical path',
    );
    expect(elementsOf(readXml(svg), 'desc').map(textOf)).toEqual(['All is well.']);
  });

  it('lets lines and bars stop before labels', () => {
    const svg = readXml(timelineSvgOf(madeView({ steps: [{ toolId: 'a', group: 0, endMs: 1200 }] })));
    const labels = elementsOf(svg, 'text').filter((text) => textOf(text).startsWith('1.20 s'));
    const { surface } = LIGHT;
    expect(labels.map(({ attributes }) => attributes)).toMatchObject([
      { 'paint-order': 'stroke', stroke: surface, 'stroke-width': '10' },
      { 'paint-order': 'stroke', stroke: surface, 'stroke-width': '3' },
    ]);
  });

  it.each([
    ['an image', '<img src=x onerror=alert(1)>'],
    ['the end of an attribute', '"><svg onload=alert(1)>'],
    ['the end of CDATA', ']]>'],
    ['entities', '&lt;&unknown;&#0;'],
    ['characters that XML forbids', 'a\u0000b\u0008c\u001fd\ufffee\uffff'],
    ['half a character', 'a\ud800b'],
    ['another direction', '\u202eabc\u2066'],
  ])('is well-formed with %s as every name and text', (_, hostile) => {
    const step: MadeStep = {
      toolId: hostile,
      key: hostile,
      toolType: hostile,
      group: 0,
      state: 'failure',
      error: hostile,
      waitMs: 5,
      waitReason: 'slot',
      waitedFor: { toolId: hostile, iteration: 1 },
    };
    const runs = [{ runSpanId: 'r', planName: hostile }];
    const view: RunView = madeView({
      planName: hostile,
      strategy: hostile,
      verdict: hostile,
      steps: [{ ...step, spanCount: 1, runs }],
    });
    const span = {
      spanId: 's',
      depth: 0,
      name: hostile,
      service: hostile,
      startMs: 0,
      endMs: 5,
      hasFailed: true,
      attempt: undefined,
    };
    const svg = timelineSvgOf(view, { open: new Map([[hostile, [span]]]) });
    const read = readXml(svg);
    expect(textOf(read)).toContain('failed');
    expect(svg).not.toMatch(/<(img|script|svg [^>]*onload)/i);
    for (const name of ['image', 'script', 'foreignObject', 'style', 'a']) expect(elementsOf(read, name)).toEqual([]);
  });

  it('draws every state, light and dark, whole, zoomed and folded', () => {
    for (const palette of [LIGHT, DARK])
      for (const window of [undefined, { fromMs: 12, toMs: 13 }, { fromMs: -50, toMs: 5 }])
        for (const isFolded of [true, false])
          for (const width of [300, 1200]) {
            const svg = timelineSvgOf(everyState, { palette, width, isFolded, nowMs: 500, ...(window && { window }) });
            expect(svg).not.toMatch(/NaN|Infinity|undefined/);
            expect(elementsOf(readXml(svg), 'title')).toHaveLength(STATES.length + 3 + 1);
          }
  });

  it('draws the rows that it is given, on the scale that it is given', () => {
    const view = madeView({ steps: [{ toolId: 'a' }, { toolId: 'b', startMs: 50, endMs: 100, waitMs: 10 }] });
    const [rows, times] = [timelineRows(view).slice(1), timesOf(view, 0)];
    const scale = new TimeScale({ fromMs: 0, toMs: 100 }, { from: 0, to: 200 });
    const read = readXml(renderTimelineSvg({ scene: new TimelineScene(view), rows, times, scale, width: 600 }, DARK));
    // Names take 180 of 600 pixels; 2 pixels a millisecond: the wait from 40 ms on, the work from 50 ms on.
    const bars = elementsOf(read, 'rect').map(({ attributes: { x, width, fill } }) => [x, width, fill]);
    expect(bars).toContainEqual(['260', '20', 'url(#wait)']);
    expect(bars).toContainEqual(['280', '100', DARK.success]);
    expect(bars.filter(([, , fill]) => fill === DARK.success)).toHaveLength(1);
  });

  it('names idle times that are folded', () => {
    const steps: MadeStep[] = [
      { toolId: 'a', endMs: 100 },
      { toolId: 'b', startMs: 60_100, endMs: 60_200 },
    ];
    expect(textsOf(timelineSvgOf(madeView({ steps }), { isFolded: true }))).toContain('1 min 0 s idle');
    expect(textsOf(timelineSvgOf(madeView({ steps }))).join(' ')).not.toContain('idle');
  });

  it('says how much of a large run it does not draw', () => {
    const svg = timelineSvgOf(madeLargeView(5_000));
    expect(elementsOf(readXml(svg), 'title')).toHaveLength(MAX_SVG_ROWS + 1);
    expect(textsOf(svg)).toContain('3050 further rows not drawn.');
  });
});

describe('links of the critical path', () => {
  const view = madeView({
    steps: [
      { toolId: 'a', group: 0, endMs: 10, isCritical: true },
      { toolId: 'other', group: 0, endMs: 5 },
      { toolId: 'b', group: 1, startMs: 12, endMs: 20, isCritical: true },
      { toolId: 'c', group: 1, startMs: 20, endMs: 30, isCritical: true },
    ],
  });
  const linksOf = (view: RunView, collapsed: number[] = []): number[][] =>
    criticalLinks(view, timelineRows(view, { collapsed: new Set(collapsed) }), timesOf(view, 0)).map(
      ({ fromRow, toRow, fromMs, toMs }) => [fromRow, toRow, fromMs, toMs],
    );

  it('lead from the end of a step to the start of the next', () => {
    expect(linksOf(view)).toEqual([
      [1, 4, 10, 12],
      [4, 5, 20, 20],
    ]);
  });

  it('lead to the row of a group that is collapsed, and not around within it', () => {
    expect(linksOf(view, [1])).toEqual([[1, 3, 10, 12]]);
    expect(linksOf(view, [0, 1])).toEqual([[0, 1, 10, 12]]);
  });

  it('are none without a critical path', () => {
    const { criticalPath: _, ...without } = view;
    expect(linksOf(without)).toEqual([]);
  });
});
