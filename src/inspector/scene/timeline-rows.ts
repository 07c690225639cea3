import { count } from '../../explain/format.ts';
import type { InnerRunView, RunView } from '../view/run-view.ts';

/** What the timeline needs to know of a span below a step. Times in milliseconds since the start of the run. */
export interface SpanBelow {
  readonly spanId: string;
  /** 0 directly below the step. */
  readonly depth: number;
  readonly name: string;
  readonly service: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly hasFailed: boolean;
  /** Of an attempt, its number. */
  readonly attempt: number | undefined;
}

/** By key of the step, the spans below it; undefined as long as they are on their way, a text that says why they did not come. */
export type OpenSteps = ReadonlyMap<string, readonly SpanBelow[] | string | undefined>;

export interface RowOptions {
  /** Indexes of groups whose steps are not shown. */
  readonly collapsed?: ReadonlySet<number>;
  /** Steps whose spans are shown. */
  readonly open?: OpenSteps;
}

/** What a row is about, and its place in the tree of rows. */
export type TimelineRow = RowPlace & RowSubject;

type RowSubject =
  | { readonly kind: 'group'; readonly group: number }
  | { readonly kind: 'step'; readonly step: number }
  | { readonly kind: 'span'; readonly step: number; readonly span: SpanBelow }
  | { readonly kind: 'run'; readonly step: number; readonly run: InnerRunView }
  | { readonly kind: 'note'; readonly text: string };

interface RowPlace {
  /** As the address names what is selected: `group:0`, `step:fetch`, `span:<id>`, `attempt:<id>`; its own for other rows. */
  readonly id: string;
  /** 1 at the top. */
  readonly level: number;
  /** Place among those with the same parent, from 1, and how many they are. */
  readonly position: number;
  readonly siblings: number;
  /** Absent where there is nothing to open. */
  readonly isOpen?: boolean;
}

/**
 * The rows of a run from top to bottom: groups with their steps; below a step its spans where it is open, the runs that it started and the
 * steps that it called; then the steps without a group. Light, since there may be 50,000: what is drawn in a row is asked for when it is shown.
 */
export function timelineRows(view: RunView, { collapsed = NONE, open = NO_STEPS }: RowOptions = {}): TimelineRow[] {
  const { ofGroup, outside, calledBy } = placeSteps(view);
  const notes = notesOf(view);
  const siblings = view.groups.length + outside.length + notes.length;
  const rows: TimelineRow[] = [];
  for (const [group, { groupIndex }] of view.groups.entries()) {
    const steps = ofGroup[group]!;
    const isOpen = !collapsed.has(groupIndex);
    const id = `group:${groupIndex}`;
    const place = { id, level: 1, position: group + 1, siblings };
    rows.push({ kind: 'group', group, ...place, ...(steps.length > 0 && { isOpen }) });
    if (isOpen) addSteps(rows, steps, 2, { view, calledBy, open });
  }
  const position = view.groups.length + 1;
  addSteps(rows, outside, 1, { view, calledBy, open, position, siblings });
  for (const [at, text] of notes.entries())
    rows.push({ kind: 'note', text, id: `note:${at}`, level: 1, position: siblings - notes.length + at + 1, siblings });
  return rows;
}

interface StepsBelow {
  readonly ofGroup: number[][];
  readonly outside: number[];
  readonly calledBy: ReadonlyMap<number, number[]>;
}

function placeSteps({ groups, steps }: RunView): StepsBelow {
  const ofGroup = groups.map((): number[] => []);
  const outside: number[] = [];
  const calledBy = new Map<number, number[]>();
  for (const [index, { parent, group }] of steps.entries()) {
    // What says that it called itself, or was called by a later one, cannot be below it.
    if (parent !== undefined && parent < index) {
      const called = calledBy.get(parent);
      if (called) called.push(index);
      else calledBy.set(parent, [index]);
    } else ((group === undefined ? undefined : ofGroup[group]) ?? outside).push(index);
  }
  return { ofGroup, outside, calledBy };
}

interface StepContext {
  readonly view: RunView;
  readonly calledBy: StepsBelow['calledBy'];
  readonly open: OpenSteps;
  readonly position?: number;
  readonly siblings?: number;
}

function addSteps(rows: TimelineRow[], steps: readonly number[], level: number, context: StepContext): void {
  const { view, calledBy, open, position = 1, siblings = steps.length } = context;
  // A stack, because steps may be nested deeper than calls may be.
  const waiting = steps.map((step, at) => ({ step, level, position: position + at, siblings })).toReversed();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { step, ...place } = next;
    const { key, spanCount, runs } = view.steps[step]!;
    const isOpen = spanCount > 0 ? open.has(key) : undefined;
    rows.push({ kind: 'step', step, id: `step:${key}`, ...place, ...(isOpen !== undefined && { isOpen }) });
    const called = calledBy.get(step) ?? [];
    const below = { level: place.level + 1, siblings: runs.length + called.length };
    const spans = isOpen ? addSpans(rows, open.get(key), { step, key, ...below }) : 0;
    below.siblings += spans;
    for (const [at, run] of runs.entries())
      rows.push({ kind: 'run', step, run, id: `run:${run.runSpanId}`, position: spans + at + 1, ...below });
    const first = spans + runs.length + 1;
    for (let at = called.length - 1; at >= 0; at -= 1)
      waiting.push({ step: called[at]!, position: first + at, ...below });
  }
}

interface SpansPlace {
  readonly step: number;
  readonly key: string;
  readonly level: number;
  /** How many rows beside spans the step has below it. */
  readonly siblings: number;
}

/** @returns how many rows are directly below the step */
function addSpans(rows: TimelineRow[], spans: readonly SpanBelow[] | string | undefined, place: SpansPlace): number {
  const { step, key, level, siblings } = place;
  if (spans === undefined || spans.length === 0 || typeof spans === 'string') {
    const text = spans === undefined ? 'loading spans…' : typeof spans === 'string' ? spans : 'no spans below it';
    rows.push({ kind: 'note', text, id: `note:${key}`, level, position: 1, siblings: siblings + 1 });
    return 1;
  }
  const { sizes, parents } = familiesOf(spans);
  const seen = new Map<number, number>();
  for (const [at, span] of spans.entries()) {
    const parent = parents[at]!;
    const position = (seen.get(parent) ?? 0) + 1;
    seen.set(parent, position);
    const id = `${span.attempt === undefined ? 'span' : 'attempt'}:${span.spanId}`;
    const others = parent < 0 ? siblings : 0;
    const all = { level: level + span.depth, position, siblings: (sizes.get(parent) ?? 0) + others };
    rows.push({ kind: 'span', step, span, id, ...all });
  }
  return sizes.get(-1) ?? 0;
}

/** The place of each span's parent in a list from top to bottom, -1 for the step; and how many children each parent has. */
function familiesOf(spans: readonly SpanBelow[]): { parents: number[]; sizes: Map<number, number> } {
  const sizes = new Map<number, number>();
  const path: number[] = [];
  const parents = spans.map(({ depth }, at) => {
    path.length = Math.min(path.length, depth);
    const parent = path.at(-1) ?? -1;
    path.push(at);
    sizes.set(parent, (sizes.get(parent) ?? 0) + 1);
    return parent;
  });
  return { parents, sizes };
}

function notesOf({ totalSteps, steps, otherSpans }: RunView): string[] {
  return [
    ...(otherSpans > 0 ? [`${count(otherSpans, 'span')} beside the steps, directly below the run or a group`] : []),
    ...(totalSteps === undefined ? [] : [`${count(totalSteps - steps.length, 'further step')} not shown`]),
  ];
}

const NONE: ReadonlySet<number> = new Set();
const NO_STEPS: OpenSteps = new Map();
