import { formatDuration } from '../../explain/format.ts';
import { escapeText } from '../../explain/tell/escape-text.ts';
import type { GroupView, RunView, StepState, StepView } from '../view/run-view.ts';
import { type GroupTally, howMany, tallyGroups } from './graph-tally.ts';
import { isWrong, STATES } from './step-states.ts';
import { modeOf, shownName } from './texts.ts';
import { type Bar, groupBar, spanBar, stepBar } from './timeline-bars.ts';
import type { SpanBelow, TimelineRow } from './timeline-rows.ts';
import type { RunTimes } from './timeline-times.ts';
import { type Fact, type Label, sinceStart, stepFacts, stepLabel } from './timeline-words.ts';

/** All that a row shows. */
export interface DrawnRow {
  readonly name: string;
  /** What kind of thing it is, e.g. its tool type; beside the name. */
  readonly detail?: string;
  /** Absent for what has none, such as a note. */
  readonly state?: StepState;
  readonly bar?: Bar;
  readonly label?: Label;
}

/** What rows of a run show: bars, labels, and all of it in words. What is needed for many rows is computed once. */
export class TimelineScene {
  readonly view: RunView;
  readonly #tallies: readonly GroupTally[];
  /** Tools with a step that has not ended. */
  readonly #unfinished = new Set<string>();

  constructor(view: RunView) {
    this.view = view;
    this.#tallies = tallyGroups(view);
    for (const { toolId, state, endMs } of view.steps)
      if (endMs === undefined && !STARTED_NEVER.has(state)) this.#unfinished.add(toolId);
  }

  draw(row: TimelineRow, times: RunTimes): DrawnRow {
    switch (row.kind) {
      case 'group':
        return this.#drawGroup(row.group, times);
      case 'step':
        return this.#drawStep(row.step, times);
      case 'span':
        return drawSpan(row.span, this.view.steps[row.step]!);
      case 'run':
        return {
          name: `run ${escapeText(row.run.planName ?? '')}`.trim(),
          ...(row.run.outcome && { state: row.run.outcome }),
        };
      case 'note':
        return { name: row.text };
    }
  }

  /** What a row shows in words, without its name. */
  facts(row: TimelineRow, times: RunTimes): Fact[] {
    const { view } = this;
    switch (row.kind) {
      case 'group':
        return this.#groupFacts(row.group, times);
      case 'step': {
        const step = view.steps[row.step]!;
        return stepFacts(step, times.end[row.step]! - times.start[row.step]!, this.#missing(row.step));
      }
      case 'span': {
        const { startMs, endMs } = row.span;
        return [
          ['started', sinceStart(startMs)],
          ['took', formatDuration(endMs - startMs)],
        ];
      }
      default:
        return [];
    }
  }

  /** Everything that a row shows beside its name, e.g. `succeeded, started after 1.20 s, took 3.40 s, on the critical path`. */
  describe(row: TimelineRow, times: RunTimes): string {
    const { state, label } = this.draw(row, times);
    const words = this.facts(row, times).map(([heading, text]) => (BARE.has(heading) ? text : `${heading} ${text}`));
    const tally = row.kind === 'group' ? label?.note : undefined;
    return [state && STATES[state].words, tally, ...words].filter(Boolean).join(', ');
  }

  #drawStep(index: number, times: RunTimes): DrawnRow {
    const step = this.view.steps[index]!;
    return {
      name: shownName(step),
      ...(step.toolType !== undefined && step.toolType !== NO_TYPE && { detail: escapeText(step.toolType) }),
      state: step.state,
      bar: stepBar(index, this.view, times),
      label: stepLabel(step, times.end[index]! - times.start[index]!, this.#missing(index)),
    };
  }

  #drawGroup(index: number, times: RunTimes): DrawnRow {
    const group = this.view.groups[index]!;
    const { first } = this.#tallies[index]!;
    const state = this.#stateOf(group, index);
    const bar = groupBar(group, state, first === undefined ? 0 : times.start[first]!, this.view, times.nowMs);
    const { fromMs, toMs } = bar.extent;
    return {
      name: `group ${group.groupIndex}`,
      detail: modeOf(group),
      state,
      bar,
      label: { text: toMs > fromMs ? formatDuration(toMs - fromMs) : STATES[state].words, note: this.#tell(index) },
    };
  }

  #groupFacts(index: number, { nowMs }: RunTimes): Fact[] {
    const { startMs, endMs, parallelism } = this.view.groups[index]!;
    return [
      ...(startMs === undefined ? [] : [['started', sinceStart(startMs)] as const]),
      ...(startMs === undefined || endMs === undefined ? [] : [['took', formatDuration(endMs - startMs)] as const]),
      ...(startMs !== undefined && endMs === undefined && this.view.state === 'running'
        ? [['so far', formatDuration(Math.max(0, nowMs - startMs))] as const]
        : []),
      ...(parallelism
        ? [
            [
              'at once',
              `${parallelism.peak} of ${parallelism.declared} at once, ${parallelism.achieved.toFixed(1)} on average`,
            ] as const,
          ]
        : []),
    ];
  }

  /** E.g. `6 of 8 done, 1 went wrong`. */
  #tell(index: number): string {
    const { counts } = this.#tallies[index]!;
    const told = ([words, isMeant]: (typeof TOLD)[number]): string[] => {
      const number = howMany(counts, isMeant);
      return number > 0 ? [`${number} ${words}`] : [];
    };
    const done = howMany(counts, (state) => state === 'success');
    return [`${done} of ${howMany(counts)} done`, ...TOLD.flatMap(told)].join(', ');
  }

  #stateOf({ outcome, startMs, endMs }: GroupView, index: number): StepState {
    if (outcome !== undefined) return outcome;
    const { state } = this.view;
    if (startMs !== undefined && endMs === undefined && (state === 'running' || state === 'interrupted')) return state;
    const [first, ...others] = this.#tallies[index]!.counts;
    if (first && others.length === 0) return first.state;
    if (startMs !== undefined) return 'unknown';
    return state === 'running' ? 'planned' : 'not started';
  }

  /** Dependencies of a step that have not ended. */
  #missing(index: number): string[] {
    const { state, dependsOn } = this.view.steps[index]!;
    return state === 'planned' ? dependsOn.filter((toolId) => this.#unfinished.has(toolId)) : [];
  }
}

/** What is told of the steps of a group beside how many are done. */
const TOLD: readonly (readonly [words: string, isMeant: (state: StepState) => boolean])[] = [
  ['running', (state) => state === 'running'],
  ['went wrong', isWrong],
  ['skipped', (state) => state === 'skip'],
];
/** What can stand in a sentence without its heading. */
const BARE: ReadonlySet<string> = new Set(['critical', 'at once', 'missing']);
/** The type of tools that have none. */
const NO_TYPE = 'unknown';
const STARTED_NEVER: ReadonlySet<StepState> = new Set(['not started', 'no span']);

function drawSpan(span: SpanBelow, { attempts }: StepView): DrawnRow {
  const { spanId, name, attempt, startMs, endMs, hasFailed, service } = span;
  const tried = attempts.find((attempt) => attempt.spanId === spanId);
  const ended = tried ? (tried.outcome ?? (tried.endMs === undefined ? 'running' : undefined)) : undefined;
  const state = ended ?? (hasFailed ? 'failure' : attempt === undefined ? undefined : 'success');
  return {
    name: attempt === undefined ? escapeText(name) || '(no name)' : `attempt ${attempt}`,
    ...(service !== '' && attempt === undefined && { detail: escapeText(service) }),
    ...(state && { state }),
    bar: spanBar(span, state),
    label: { text: formatDuration(endMs - startMs) },
  };
}
