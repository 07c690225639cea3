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
export type TimelineRow = UnplacedRow & Placed;

type UnplacedRow = RowPlace & RowSubject;

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
  /** Absent where there is nothing to open. */
  readonly isOpen?: boolean;
}

/** Place among those with the same parent, from 1, and how many they are. */
interface Placed {
  readonly position: number;
  readonly siblings: number;
}

/**
 * The rows of a run from top to bottom: groups with their steps; below a step its spans where it is open, the runs that it started and the
 * steps that it called; then the steps without a group. Light, since there may be 50,000: what is drawn in a row is asked for when it is shown.
 */
export function timelineRows(view: RunView, { collapsed = NONE, open = NO_STEPS }: RowOptions = {}): TimelineRow[] {
  const { ofGroup, outside, calledBy } = placeSteps(view);
  const rows: UnplacedRow[] = [];
  for (const [group, { groupIndex }] of view.groups.entries()) {
    const steps = ofGroup[group]!;
    const isOpen = !collapsed.has(groupIndex);
    rows.push({ kind: 'group', group, id: `group:${groupIndex}`, level: 1, ...(steps.length > 0 && { isOpen }) });
    if (isOpen) addSteps(rows, steps, 2, { view, calledBy, open });
  }
  addSteps(rows, outside, 1, { view, calledBy, open });
  for (const [at, text] of notesOf(view).entries()) rows.push({ kind: 'note', text, id: `note:${at}`, level: 1 });
  return placeRows(rows);
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
      if (!calledBy.get(parent)?.push(index)) calledBy.set(parent, [index]);
    } else (ofGroup[group ?? -1] ?? outside).push(index);
  }
  return { ofGroup, outside, calledBy };
}

interface StepContext {
  readonly view: RunView;
  readonly calledBy: StepsBelow['calledBy'];
  readonly open: OpenSteps;
}

function addSteps(
  rows: UnplacedRow[],
  steps: readonly number[],
  top: number,
  { view, calledBy, open }: StepContext,
): void {
  // A stack, because steps may be nested deeper than calls may be.
  const waiting = steps.map((step) => ({ step, level: top })).toReversed();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { step, level } = next;
    const { key, spanCount, runs } = view.steps[step]!;
    const isOpen = spanCount > 0 ? open.has(key) : undefined;
    rows.push({ kind: 'step', step, id: `step:${key}`, level, ...(isOpen !== undefined && { isOpen }) });
    if (isOpen) addSpans(rows, open.get(key), { step, key, level: level + 1 });
    for (const run of runs) rows.push({ kind: 'run', step, run, id: `run:${run.runSpanId}`, level: level + 1 });
    for (const called of calledBy.get(step)?.toReversed() ?? []) waiting.push({ step: called, level: level + 1 });
  }
}

interface SpansPlace {
  readonly step: number;
  readonly key: string;
  readonly level: number;
}

function addSpans(
  rows: UnplacedRow[],
  spans: readonly SpanBelow[] | string | undefined,
  { step, key, level }: SpansPlace,
): void {
  if (spans === undefined || spans.length === 0 || typeof spans === 'string') {
    const text = spans === undefined ? 'loading spans…' : typeof spans === 'string' ? spans : 'no spans below it';
    rows.push({ kind: 'note', text, id: `note:${key}`, level });
    return;
  }
  for (const span of spans) {
    const id = `${span.attempt === undefined ? 'span' : 'attempt'}:${span.spanId}`;
    rows.push({ kind: 'span', step, span, id, level: level + span.depth });
  }
}

/** Tells each row its place among those with the same parent: what follows at its level until there is something above that. */
function placeRows(rows: readonly UnplacedRow[]): TimelineRow[] {
  /** By level, how many there are so far below the parent that is open there. */
  const families: { size: number }[] = [];
  const placed = rows.map((row) => {
    families.length = Math.min(families.length, row.level);
    const family = (families[row.level - 1] ??= { size: 0 });
    family.size += 1;
    return { row, family, position: family.size };
  });
  return placed.map(({ row, family, position }) => Object.assign(row, { position, siblings: family.size }));
}

function notesOf({ totalSteps, steps, otherSpans }: RunView): string[] {
  return [
    ...(otherSpans > 0 ? [`${count(otherSpans, 'span')} beside the steps, directly below the run or a group`] : []),
    ...(totalSteps === undefined ? [] : [`${count(totalSteps - steps.length, 'further step')} not shown`]),
  ];
}

const NONE: ReadonlySet<number> = new Set();
const NO_STEPS: OpenSteps = new Map();
