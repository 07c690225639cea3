import type { Change } from '../compare/change.ts';
import { formatRatio } from '../compare/change.ts';
import { formatDuration } from '../format.ts';
import type { PlanChange } from '../compare/compare-plans.ts';
import type { Run, Step } from '../read/run.ts';
import { formatStart } from './format-start.ts';
import { OUTCOMES } from './outcomes.ts';

/** A comparison as it is shown, whatever with: text and Markdown are made of it. Names in it are not escaped yet. */
export interface ToldComparison {
  readonly summary: string;
  /** What is compared, a line each. */
  readonly sides: readonly (readonly [label: string, text: string])[];
  /** Heads of the columns after the name. */
  readonly columns: readonly string[];
  /** The run as a whole first, then the steps that changed, the biggest change first. */
  readonly rows: readonly ToldRow[];
  /** What is not in the table. */
  readonly rest: string | undefined;
  readonly sections: readonly { readonly title: string; readonly lines: readonly string[] }[];
}

export interface ToldRow {
  readonly name: string;
  /** Of the run as a whole, not of a step. */
  readonly isTotal: boolean;
  /** As many as there are columns; empty where there is nothing to say. */
  readonly cells: readonly string[];
  /** What else changed. */
  readonly note: string;
}

/** A row with how much it is worth: the biggest are shown. */
export interface WeighedRow extends ToldRow {
  readonly weight: number;
}

/** Most steps in a table; the rest is counted. */
const MAX_STEPS = 20;
/** Most lines of a section. */
const MAX_LINES = 20;
/** More tools than this in other groups are told together. */
const MAX_GROUP_CHANGES = 3;

/** What weighs more than any duration: another outcome. */
export const OUTCOME_WEIGHT = 1e15;

/** The heaviest rows, and how many there are beside them. */
export function heaviest(rows: readonly WeighedRow[]): { shown: readonly ToldRow[]; hidden: number } {
  const shown = rows.toSorted((a, b) => b.weight - a.weight).slice(0, MAX_STEPS);
  return { shown, hidden: rows.length - shown.length };
}

/** `+3.90 s (+97 %)`; empty for no change at all. */
export function formatChange(change: Pick<Change, 'change' | 'ratio'>): string {
  if (change.change === 0) return '';
  const ratio = formatRatio(change);
  return `${formatSigned(change.change)}${ratio === '' ? '' : ` (${ratio})`}`;
}

export function formatSigned(ms: number): string {
  return `${ms < 0 ? '-' : '+'}${formatDuration(Math.abs(ms))}`;
}

/** How long a step took, with a mark where it did not succeed. */
export function formatStep(durationMs: number, outcome: Step['outcome']): string {
  if (outcome === 'skip') return 'skipped';
  const [mark] = OUTCOMES[outcome ?? 'unknown'];
  return outcome === 'success' ? formatDuration(durationMs) : `${formatDuration(durationMs)} ${mark}`;
}

/** E.g. `nightly [dag] succeeded, 2026-11-23 00:00:00 UTC, trace 0af7651916cd43dd8448eb211c80319c`. */
export function describeRun({ planName, strategy, outcome, startNs, traceId }: Run): string {
  const [, words] = OUTCOMES[outcome ?? 'unknown'];
  const how = outcome === undefined ? 'has not ended' : words;
  return `${planName ?? 'unnamed run'}${strategy === undefined ? '' : ` [${strategy}]`} ${how}, ${formatStart(startNs)} UTC, trace ${traceId}`;
}

/** The changes of a plan as lines; tools that only moved to other groups are told together. */
export function describePlanChanges(changes: readonly PlanChange[]): string[] {
  const moved = changes.filter(({ kind }) => kind === 'group');
  if (moved.length <= MAX_GROUP_CHANGES) return cap(changes.map(({ text }) => text));
  const others = changes.filter(({ kind }) => kind !== 'group').map(({ text }) => text);
  return [...cap(others), `${moved.length} tools are in other groups`];
}

/** Sections that have something to say. */
export function sectionsThatSay(
  ...sections: readonly (readonly [title: string, lines: readonly string[]])[]
): ToldComparison['sections'] {
  return sections.filter(([, lines]) => lines.length > 0).map(([title, lines]) => ({ title, lines: cap(lines) }));
}

function cap(lines: readonly string[]): string[] {
  const more = lines.length - MAX_LINES;
  return more > 0 ? [...lines.slice(0, MAX_LINES), `and ${more} more`] : [...lines];
}
