import type { GroupView, RunView, StepState, StepView } from '../view/run-view.ts';
import type { Palette } from './palette.ts';
import { STATES } from './step-states.ts';
import type { SpanBelow } from './timeline-rows.ts';
import { endOf, type RunTimes } from './timeline-times.ts';
import type { TimeSpan } from './time-scale.ts';

/** What a row draws on the time axis. */
export interface Bar {
  /** In the order in which they are drawn. */
  readonly segments: readonly Segment[];
  /** From the first to the last of it. */
  readonly extent: TimeSpan;
  /** What has no length: a skip, or that nothing is there (yet). */
  readonly point?: { readonly kind: 'skip' | 'absent'; readonly ms: number; readonly color: keyof Palette };
  /** Where it usually ends. */
  readonly usualEndMs?: number;
  /** The part of it that is on the critical path. */
  readonly critical?: TimeSpan;
}

/**
 * `wait`: had all it needs, and did not run. `work`: ran, or was tried. `between`: between two attempts, and before and after them. `expected`:
 * how long it usually takes, of a step that is still to come. `group`: from the first start to the last end in it. `span`: of others.
 */
export type SegmentKind = 'wait' | 'work' | 'between' | 'expected' | 'group' | 'span';

interface Segment extends TimeSpan {
  readonly kind: SegmentKind;
  readonly color: keyof Palette;
  /** Whether it has not ended: it goes on, or nobody tells when it ended. */
  readonly isOpen: boolean;
  /** As the address names it: of an attempt. */
  readonly id?: string;
}

export function stepBar(index: number, view: RunView, times: RunTimes): Bar {
  const step = view.steps[index]!;
  const [fromMs, toMs] = [times.start[index]!, times.end[index]!];
  const { color } = STATES[step.state];
  if (step.startMs === undefined || step.state === 'skip') {
    const expected = toMs > fromMs ? [{ kind: 'expected', fromMs, toMs, color, isOpen: false } as const] : [];
    const kind = step.state === 'skip' ? 'skip' : 'absent';
    return {
      segments: expected,
      extent: { fromMs, toMs },
      ...(expected.length === 0 && { point: { kind, ms: fromMs, color } }),
    };
  }
  const readyMs = fromMs - step.waitMs;
  const wait = { kind: 'wait', fromMs: readyMs, toMs: fromMs, color: 'wait', isOpen: false } as const;
  return {
    segments: [...(step.waitMs > 0 ? [wait] : []), ...workOf(step, { fromMs, toMs }, view, times.nowMs)],
    extent: { fromMs: readyMs, toMs },
    ...(step.usualMs !== undefined && { usualEndMs: fromMs + step.usualMs }),
    ...(step.isCritical && { critical: { fromMs, toMs } }),
  };
}

/** One segment, or one an attempt with a thin one behind them. */
function workOf(step: StepView, extent: TimeSpan, view: RunView, nowMs: number): Segment[] {
  const isOpen = step.endMs === undefined;
  const { color } = STATES[step.state];
  if (step.attempts.length === 0) return [{ kind: 'work', ...extent, color, isOpen }];
  const attempts = step.attempts.map((attempt): Segment => {
    const { startMs: fromMs, endMs, spanId } = attempt;
    const ended = STATES[attempt.outcome ?? 'unknown'].color;
    const isOpen = endMs === undefined;
    const toMs = endOf(attempt, view, nowMs);
    return { kind: 'work', fromMs, toMs, color: isOpen ? color : ended, isOpen, id: `attempt:${spanId}` };
  });
  return [{ kind: 'between', ...extent, color, isOpen }, ...attempts];
}

export function groupBar(group: GroupView, state: StepState, expectedMs: number, view: RunView, nowMs: number): Bar {
  const { color } = STATES[state];
  if (group.startMs === undefined) {
    const extent = { fromMs: expectedMs, toMs: expectedMs };
    return { segments: [], extent, point: { kind: state === 'skip' ? 'skip' : 'absent', ms: expectedMs, color } };
  }
  const extent = { fromMs: group.startMs, toMs: endOf(group, view, nowMs) };
  return { segments: [{ kind: 'group', ...extent, color, isOpen: group.endMs === undefined }], extent };
}

/** @param state of an attempt, what became of it; of a span of others that went wrong, that it failed */
export function spanBar({ attempt, startMs, endMs }: SpanBelow, state: StepState | undefined): Bar {
  const extent = { fromMs: startMs, toMs: endMs };
  const color = state ? STATES[state].color : 'control';
  const kind = attempt === undefined ? 'span' : 'work';
  return { segments: [{ kind, ...extent, color, isOpen: state === 'running' }], extent };
}
