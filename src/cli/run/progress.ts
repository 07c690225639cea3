import type { ExecutionPlanTrace } from '../../plan-trace.ts';
import type { Outcome } from '../../semconv.ts';
import { formatDuration } from '../../explain/format.ts';
import { nameStep } from '../../explain/tell/name-step.ts';
import { OUTCOMES } from '../../explain/tell/outcomes.ts';
import { OUTCOME_STYLES, type Style, painter } from '../paint.ts';
import { cutText, escapeText } from '../terminal-text.ts';
import type { StepEvent } from './watch-steps.ts';

interface StepState {
  readonly toolId: string;
  state: 'waiting' | 'running' | 'ended';
  iteration: number;
  attempt: number;
  startedAt: number;
  outcome: Outcome | undefined;
  durationMs: number;
  reason: string | undefined;
}

interface Row {
  readonly text: string;
  readonly style: Style | undefined;
}

/** What is known of a run while it goes on. */
export class Progress {
  readonly #title: string;
  readonly #groups: readonly { readonly label: string; readonly steps: readonly StepState[] }[];
  readonly #steps = new Map<string, StepState>();
  readonly #startedAt: number;

  constructor(planName: string | undefined, { strategy, execution_groups: groups }: ExecutionPlanTrace, nowMs: number) {
    this.#title = escapeText(`${planName ?? 'unnamed plan'} [${strategy}]`);
    this.#startedAt = nowMs;
    this.#groups = groups.map(({ group_index: index, parallel_execution: parallel, tools }) => ({
      label: `group ${index} ${parallel ? 'parallel' : 'serial'}`,
      steps: tools.map(({ tool_id: toolId }) => this.#enter(toolId)),
    }));
  }

  /** Notes what happened. */
  take(event: StepEvent, nowMs: number): void {
    const step = this.#steps.get(event.toolId);
    if (!step) return;
    switch (event.type) {
      case 'start':
        Object.assign(step, { state: 'running', iteration: event.iteration, attempt: 1, startedAt: nowMs });
        break;
      case 'attempt':
        step.attempt = event.attempt;
        break;
      case 'end': {
        const { outcome, reason, durationMs } = event;
        Object.assign(step, { state: 'ended', outcome, reason, durationMs });
      }
    }
  }

  /**
   * Draws groups and steps. Where they do not fit, only what runs or has failed.
   *
   * @returns at most `height` lines of at most `width` columns
   */
  render(
    nowMs: number,
    { width, height, color }: { readonly width: number; readonly height: number; readonly color: boolean },
  ): string[] {
    const steps = [...this.#steps.values()];
    const ended = steps.filter(({ state }) => state === 'ended').length;
    const head = `${this.#title} ${ended} of ${steps.length} done, ${formatDuration(nowMs - this.#startedAt)}`;
    const all = this.#rows(nowMs, () => true);
    const isFitting = all.length < height;
    const rows = isFitting
      ? all
      : this.#rows(nowMs, ({ state, reason }) => state === 'running' || (state === 'ended' && reason !== undefined));
    const paint = painter(color);
    const shown =
      rows.length < height
        ? rows
        : [...rows.slice(0, height - 2), { text: `and ${rows.length - height + 2} more lines`, style: undefined }];
    return [{ text: head, style: 'bold' } as Row, ...shown].map(({ text, style }) =>
      paint(style, cutText(text, width)),
    );
  }

  #enter(toolId: string): StepState {
    const step: StepState = {
      toolId,
      state: 'waiting',
      iteration: 1,
      attempt: 1,
      startedAt: 0,
      outcome: undefined,
      durationMs: 0,
      reason: undefined,
    };
    this.#steps.set(toolId, step);
    return step;
  }

  #rows(nowMs: number, isShown: (step: StepState) => boolean): Row[] {
    return this.#groups.flatMap(({ label, steps }) => {
      const shown = steps.filter(isShown);
      return shown.length === 0
        ? []
        : [{ text: label, style: 'cyan' as const }, ...shown.map((step) => rowOf(step, nowMs))];
    });
  }
}

function rowOf(step: StepState, nowMs: number): Row {
  const name = escapeText(nameStep(step));
  if (step.state === 'waiting') return { text: `  · ${name}`, style: 'dim' };
  if (step.state === 'running') {
    const attempt = step.attempt > 1 ? ` attempt ${step.attempt},` : '';
    return { text: `  ▸ ${name}${attempt} ${formatDuration(nowMs - step.startedAt)}`, style: undefined };
  }
  const [mark] = OUTCOMES[step.outcome ?? 'unknown'];
  return { text: `  ${mark} ${name} ${howItEnded(step)}`, style: OUTCOME_STYLES[step.outcome ?? 'unknown'] };
}

/** The event in one line, for where nothing can be redrawn. */
export function describeEvent(event: StepEvent): string {
  if (event.type === 'attempt') return escapeText(`${event.toolId} attempt ${event.attempt} started`);
  const name = escapeText(nameStep(event));
  if (event.type === 'start') return `${name} started`;
  const [, words] = OUTCOMES[event.outcome ?? 'unknown'];
  return event.outcome === 'skip' ? `${name} ${howItEnded(event)}` : `${name} ${words}, ${howItEnded(event)}`;
}

interface Ended {
  readonly outcome: Outcome | undefined;
  readonly durationMs: number;
  readonly reason: string | undefined;
}

function howItEnded({ outcome, durationMs, reason }: Ended): string {
  const why = reason === undefined ? '' : `: ${escapeText(reason)}`;
  return outcome === 'skip' ? `skipped${why}` : `${formatDuration(durationMs)}${why}`;
}
