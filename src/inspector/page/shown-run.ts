import { signal } from '@preact/signals';
import type { RunView } from '../view/run-view.ts';
import { isSavedFile, source } from './source.ts';
import { type SpanItem, spanItem, SpanTree } from './span-tree.ts';

/** The run that is shown; undefined as long as it is loading. */
export const shownRun = signal<RunView | undefined>(undefined);

/** How far the run is, in milliseconds since its start: grows while it goes on. What it took, once it has ended. */
export const nowMs = signal(0);

/** What the search found; undefined where nothing is searched for. */
export const matches = signal<Matches | undefined>(undefined);

export interface Matches {
  /** Keys of the steps that match, or below which a span does. */
  readonly steps: ReadonlySet<string>;
  /** Ids of spans that match. */
  readonly spans: ReadonlySet<string>;
}

/** Of the run that is shown: trees of spans by the span at their top, that of the whole trace by an empty text. */
const trees = new Map<string, Promise<SpanTree>>();
let treesOf: RunView | undefined;

/** A span of the run that is shown with all below it; the whole trace without one. Remembered until the run changes. */
export function spanTree(under = ''): Promise<SpanTree> {
  const run = shownRun.peek();
  if (run !== treesOf) trees.clear();
  treesOf = run;
  // A saved file has all of them at hand.
  const part = isSavedFile ? '' : under;
  const known = trees.get('') ?? trees.get(part);
  if (known) return known;
  const loading = run ? source.spans(run.traceId, part).then((traces) => new SpanTree(traces)) : noSpans();
  trees.set(part, loading);
  // What failed is tried again.
  loading.catch(() => trees.get(part) === loading && trees.delete(part));
  return loading;
}

async function noSpans(): Promise<SpanTree> {
  return new SpanTree({ resourceSpans: [] });
}

/** All spans below one, from top to bottom, by start; without steps that have a row of their own. */
export function itemsBelow(tree: SpanTree, spanId: string): readonly SpanItem[] {
  const { steps = [], startedAtMs = 0 } = shownRun.peek() ?? {};
  const ids = new Set(steps.map((step) => step.spanId));
  const below = tree.below(spanId, (id) => ids.has(id));
  return Array.from(below, ({ record, depth }) => spanItem(record, depth, startedAtMs));
}
