import { describe, expect, it } from 'vitest';
import type { Bar } from '../../../src/inspector/scene/timeline-bars.ts';
import { type OpenSteps, timelineRows } from '../../../src/inspector/scene/timeline-rows.ts';
import { type DrawnRow, TimelineScene } from '../../../src/inspector/scene/timeline-scene.ts';
import { timesOf } from '../../../src/inspector/scene/timeline-times.ts';
import type { RunView, StepState } from '../../../src/inspector/view/run-view.ts';
import { type MadeStep, madeView } from '../made-views.ts';

interface Shown extends DrawnRow {
  readonly told: string;
}

/** What the row of this id shows. */
function show(
  view: RunView,
  id: string,
  { nowMs = view.durationMs, open }: { nowMs?: number; open?: OpenSteps } = {},
): Shown {
  const row = timelineRows(view, { ...(open && { open }) }).find((row) => row.id === id)!;
  const [scene, times] = [new TimelineScene(view), timesOf(view, nowMs)];
  return { ...scene.draw(row, times), told: scene.describe(row, times) };
}

function showStep(step: Partial<MadeStep>, run: Parameters<typeof madeView>[0] = {}): Shown {
  return show(madeView({ ...run, steps: [{ toolId: 'a', ...step }] }), `step:${step.key ?? step.toolId ?? 'a'}`);
}

/** Segments as text, e.g. `wait 0-5 wait, work 5-9 success`; one that goes on has dots. */
function segmentsOf({ bar }: { readonly bar?: Bar }): string {
  return (bar?.segments ?? [])
    .map(({ kind, fromMs, toMs, color, isOpen }) => `${kind} ${fromMs}-${toMs}${isOpen ? '…' : ''} ${color}`)
    .join(', ');
}

describe('the bar of a step', () => {
  it('has a wait before its work', () => {
    expect(segmentsOf(showStep({ startMs: 5, endMs: 9, waitMs: 4 }))).toBe('wait 1-5 wait, work 5-9 success');
    expect(segmentsOf(showStep({ startMs: 5, endMs: 9 }))).toBe('work 5-9 success');
  });

  it('has a segment an attempt, with what is between them thin', () => {
    const attempts = [
      { attempt: 1, spanId: 'a1', startMs: 6, endMs: 8, outcome: 'timeout' as const },
      { attempt: 2, spanId: 'a2', startMs: 20, endMs: 29, outcome: 'success' as const, backoffMs: 12 },
    ];
    const drawn = showStep({ startMs: 5, endMs: 30, attempts, attemptCount: 2 });
    expect(segmentsOf(drawn)).toBe('between 5-30 success, work 6-8 timeout, work 20-29 success');
    expect(drawn.bar?.segments.map(({ id }) => id)).toEqual([undefined, 'attempt:a1', 'attempt:a2']);
  });

  it('goes on while its last attempt does', () => {
    const attempts = [
      { attempt: 1, spanId: 'a1', startMs: 0, endMs: 10, outcome: 'failure' as const },
      { attempt: 2, spanId: 'a2', startMs: 20 },
    ];
    const view = madeView({ state: 'running', steps: [{ toolId: 'a', state: 'running', startMs: 0, attempts }] });
    expect(segmentsOf(show(view, 'step:a', { nowMs: 50 }))).toBe(
      'between 0-50… running, work 0-10 failure, work 20-50… running',
    );
  });

  it.each<[StepState, string]>([
    ['success', 'work 5-9 success'],
    ['failure', 'work 5-9 failure'],
    ['error', 'work 5-9 failure'],
    ['timeout', 'work 5-9 timeout'],
    ['cancellation', 'work 5-9 cancellation'],
    ['unknown', 'work 5-9 unknown'],
  ])('of a %s has its colour', (state, expected) => {
    expect(segmentsOf(showStep({ state, startMs: 5, endMs: 9 }))).toBe(expected);
  });

  it('of one that runs grows', () => {
    const view = madeView({ state: 'running', steps: [{ toolId: 'a', state: 'running', startMs: 5, usualMs: 20 }] });
    const early = show(view, 'step:a', { nowMs: 15 });
    expect([segmentsOf(early), early.label]).toEqual(['work 5-15… running', { text: '10 ms, usually 20 ms' }]);
    const late = show(view, 'step:a', { nowMs: 65 });
    expect([segmentsOf(late), late.label]).toEqual([
      'work 5-65… running',
      { text: '60 ms, usually 20 ms', isOverdue: true },
    ]);
    expect(late.bar?.usualEndMs).toBe(25);
  });

  it('of one that ended says what is usual only if it took much longer', () => {
    const textFor = (endMs: number): string | undefined => showStep({ startMs: 0, endMs, usualMs: 20 }).label?.text;
    expect([15, 23, 30].map(textFor)).toEqual(['15 ms', '23 ms', '30 ms, usually 20 ms']);
  });

  it('of one whose process died is as long as is known', () => {
    const drawn = showStep({ state: 'interrupted', startMs: 5 }, { state: 'interrupted', durationMs: 30 });
    expect([segmentsOf(drawn), drawn.label]).toEqual(['work 5-30… failure', { text: '25 ms', note: 'interrupted' }]);
  });

  it('of a skip is a point at its time', () => {
    const drawn = showStep({ state: 'skip', startMs: 7, reason: 'condition not met' });
    expect(drawn).toMatchObject({ bar: { segments: [], point: { kind: 'skip', ms: 7 } } });
    expect(drawn.label).toEqual({ text: 'skipped', note: 'condition not met' });
  });

  it.each<[StepState, string]>([
    ['planned', 'planned'],
    ['not started', 'not started'],
    ['no span', 'no span arrived'],
  ])('of one that is %s is an empty point where it could have started', (state, text) => {
    const steps: MadeStep[] = [
      { toolId: 'a', endMs: 40 },
      { toolId: 'b', state, dependsOn: ['a'], reason: 'why' },
    ];
    const drawn = show(madeView({ steps }), 'step:b');
    expect(drawn.bar).toMatchObject({ segments: [], point: { kind: 'absent', ms: 40 } });
    expect(drawn.label).toEqual({ text, note: 'why' });
  });

  it('of one that is to come is as long as usual', () => {
    const steps: MadeStep[] = [
      { toolId: 'a', state: 'running', startMs: 0, usualMs: 10 },
      { toolId: 'b', state: 'planned', dependsOn: ['a'], usualMs: 30 },
    ];
    const drawn = show(madeView({ state: 'running', steps }), 'step:b', { nowMs: 4 });
    expect(segmentsOf(drawn)).toBe('expected 10-40 planned');
    expect(drawn.bar?.point).toBeUndefined();
    expect(drawn.label).toEqual({ text: 'planned', note: 'waits for a' });
  });

  it('says what a planned step still waits for', () => {
    const noteFor = (dependsOn: string[]): string | undefined => {
      const steps: MadeStep[] = [
        { toolId: 'done' },
        ...['x', 'y', 'z'].map((toolId) => ({ toolId, state: 'running' as const })),
        { toolId: 'b', state: 'planned', dependsOn },
      ];
      return show(madeView({ state: 'running', steps }), 'step:b').label?.note;
    };
    expect([['done'], ['done', 'x'], ['x', 'y'], ['x', 'y', 'z']].map(noteFor)).toEqual([
      undefined,
      'waits for x',
      'waits for x and y',
      'waits for x and 2 more',
    ]);
  });

  it('is marked on the critical path without the wait before it', () => {
    expect(showStep({ startMs: 5, endMs: 9, waitMs: 4, isCritical: true }).bar?.critical).toEqual({
      fromMs: 5,
      toMs: 9,
    });
    expect(showStep({ startMs: 5, endMs: 9 }).bar?.critical).toBeUndefined();
  });

  it('says beside it why it failed, and how often it was tried', () => {
    const drawn = showStep({ state: 'failure', endMs: 9, error: 'ECONNREFUSED\n at x', attemptCount: 3 });
    expect(drawn.label).toEqual({ text: '9.0 ms', note: 'failed: ECONNREFUSED at x, 3 attempts' });
  });
});

describe('the bar of a group', () => {
  const steps: MadeStep[] = [
    { toolId: 'a', group: 0, startMs: 10, endMs: 40 },
    { toolId: 'b', group: 0, state: 'failure', startMs: 20, endMs: 90 },
    { toolId: 'c', group: 0, state: 'skip', startMs: 20 },
    { toolId: 'inner', group: 0, calledBy: 'a', startMs: 15, endMs: 30 },
    { toolId: 'd', group: 1, state: 'not started', dependsOn: ['b'] },
    { toolId: 'e', group: 1, state: 'no span', dependsOn: ['b'] },
  ];

  it('reaches from its first start to its last end, and counts its own steps', () => {
    const drawn = show(madeView({ steps }), 'group:0');
    expect(segmentsOf(drawn)).toBe('group 10-90 success');
    expect(drawn.label).toEqual({ text: '80 ms', note: '1 of 3 done, 1 went wrong, 1 skipped' });
  });

  it('is a point where nothing of it started', () => {
    const drawn = show(madeView({ steps }), 'group:1');
    expect(drawn).toMatchObject({ state: 'not started', bar: { segments: [], point: { kind: 'absent', ms: 90 } } });
    expect(drawn.label).toEqual({ text: 'not started', note: '0 of 2 done' });
  });

  it('grows while it goes on', () => {
    const live: MadeStep[] = [
      { toolId: 'a', group: 0, startMs: 0, endMs: 40 },
      { toolId: 'b', group: 0, state: 'running', startMs: 20 },
    ];
    const drawn = show(madeView({ state: 'running', steps: live }), 'group:0', { nowMs: 70 });
    expect(segmentsOf(drawn)).toBe('group 0-70… running');
    expect(drawn.label).toEqual({ text: '70 ms', note: '1 of 2 done, 1 running' });
  });
});

describe('rows below a step', () => {
  const attempts = [{ attempt: 1, spanId: 'a1', startMs: 0, endMs: 9, outcome: 'timeout' as const }];
  const view = madeView({
    steps: [{ toolId: 'a', spanCount: 2, attempts, runs: [{ runSpanId: 'r', planName: 'sub', outcome: 'failure' }] }],
  });
  const span = { depth: 0, service: 'api', startMs: 0, endMs: 9, attempt: undefined };
  const open = new Map([
    [
      'a',
      [
        { ...span, spanId: 'a1', name: 'attempt 1', attempt: 1, hasFailed: true },
        { ...span, spanId: 'get', name: 'GET /rows', hasFailed: false },
      ],
    ],
  ]);

  it('show attempts as what they ended as, and spans of others with who wrote them', () => {
    expect(segmentsOf(show(view, 'attempt:a1', { open }))).toBe('work 0-9 timeout');
    const other = show(view, 'span:get', { open });
    expect([segmentsOf(other), other.detail, other.told]).toEqual([
      'span 0-9 control',
      'api',
      'started after 0 ms, took 9.0 ms',
    ]);
  });

  it('name the runs that it started', () => {
    expect(show(view, 'run:r')).toMatchObject({ name: 'run sub', state: 'failure', told: 'failed' });
  });
});

describe('what rows say to readers of the screen', () => {
  it('is everything that a bar shows', () => {
    const told = showStep({
      toolId: 'rank',
      startMs: 1200,
      endMs: 4600,
      waitMs: 1100,
      waitReason: 'slot',
      waitedFor: { toolId: 'lookup', iteration: 1 },
      isCritical: true,
      slackMs: 0,
      usualMs: 2000,
      attemptCount: 2,
      attempts: [
        { attempt: 1, spanId: 'x', startMs: 1200, endMs: 2200, outcome: 'timeout' },
        { attempt: 2, spanId: 'y', startMs: 2600, endMs: 4600, outcome: 'success' },
      ],
    }).told;
    expect(told).toBe(
      'succeeded, started after 1.20 s, took 3.40 s, usually 2.00 s, waited 1.10 s for a free slot, until lookup ended, ' +
        'attempts 2 (timed out after 1.00 s, succeeded after 2.00 s), on the critical path',
    );
  });

  it.each([
    [
      { waitReason: 'group' as const, waitedFor: { toolId: 'b', iteration: 1 } },
      ' for the groups before, until b ended',
    ],
    [{ waitReason: 'slot' as const, waitedFor: { toolId: 'b', iteration: 2 } }, ' for a free slot, until b #2 ended'],
    [{ waitReason: 'dependency' as const, lastDependency: { toolId: 'b', iteration: 2, ms: 3 } }, ' after b #2 ended'],
    [{ waitReason: 'unknown' as const, dependsOn: ['b'] }, ', reason unknown'],
  ])('tells what it waited for: %o', (wait, expected) => {
    expect(showStep({ waitMs: 5, ...wait }).told).toContain(`waited 5.0 ms${expected}`);
  });

  it('tells of a step that went wrong why, and of one that is not critical how much slack it has', () => {
    expect(showStep({ state: 'timeout', endMs: 50, error: 'too slow', slackMs: 30 }).told).toBe(
      'timed out, started after 0 ms, took 50 ms, slack 30 ms, because too slow',
    );
  });

  it('tells how long one runs that has not ended, and what one waits for that has not begun', () => {
    const steps: MadeStep[] = [
      { toolId: 'a', state: 'running', startMs: 0 },
      { toolId: 'b', state: 'planned', dependsOn: ['a'] },
    ];
    const view = madeView({ state: 'running', steps });
    expect(show(view, 'step:a', { nowMs: 50 }).told).toBe('running, started after 0 ms, so far 50 ms');
    const early = madeView({ steps: [{ toolId: 'a', startMs: -5000, endMs: 20 }] });
    expect(show(early, 'step:a').told).toBe('succeeded, started 5.00 s before the run, took 5.02 s');
    expect(show(view, 'step:b', { nowMs: 50 }).told).toBe('planned, waits for a');
  });

  it('counts the steps of a group', () => {
    const view = madeView({
      steps: [
        { toolId: 'a', group: 0 },
        { toolId: 'b', group: 0 },
      ],
    });
    expect(show(view, 'group:0').told).toBe(
      'succeeded, 2 of 2 done, started after 0 ms, took 100 ms, 2 of 2 at once, 2.0 on average',
    );
  });
});

describe('texts of others', () => {
  it('are shown with nothing invisible in them', () => {
    const drawn = showStep({
      key: 'k',
      toolId: 'a\u202eb\u0000',
      toolType: '\u200b',
      state: 'failure',
      error: 'x\u202ey',
    });
    expect(drawn).toMatchObject({ name: String.raw`a\u202eb\x00`, detail: String.raw`\u200b` });
    expect(drawn.label?.note).toBe(String.raw`failed: x\u202ey`);
    expect(drawn.told).toContain(String.raw`because x\u202ey`);
  });

  it('that are empty have a name nevertheless', () => {
    expect(showStep({ key: 'k', toolId: '' }).name).toBe('(no name)');
  });
});
