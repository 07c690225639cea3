import type { Explanation } from '../explain/explain-run.ts';
import { formatDuration } from '../explain/format.ts';
import type { Run, SpanNode } from '../explain/read/run.ts';
import { stepsOf } from '../explain/read/steps-of.ts';
import { OUTCOMES } from '../explain/tell/outcomes.ts';
import { OUTCOME_STYLES, type Paint, painter } from './paint.ts';
import { cutText, escapeText, fitText, widthOf, wrapText } from './terminal-text.ts';
import { describeDataFlow } from './timeline/data-flow.ts';
import { type Bar, type Row, rowsOf, rowsOfSpans } from './timeline/rows.ts';

/** Narrower than this nothing can be read; such a terminal breaks the lines itself. */
const MIN_WIDTH = 40;
const DURATION_WIDTH = 10;
const MAX_TEXT_LINES = 3;
const NS_PER_MS = 1e6;

export interface TimelineOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly color: boolean;
  /** Marks the critical path and shows waits. The data flow is left out then: where it has faults, the explanation names them. */
  readonly explanation?: Explanation;
}

/**
 * Draws a run as text: a header, groups and steps as bars on a time axis with what happened below them, and how data flowed. Everything
 * can be read without colour. Names are escaped: they come from whoever sent the spans.
 *
 * @returns lines of at most `width` columns (40 or more), without a line break at the end
 */
export function renderTimeline(run: Run, { width, color, explanation }: TimelineOptions): string {
  const columns = Math.max(MIN_WIDTH, Math.floor(width));
  const paint = painter(color);
  const sections = [
    headerOf(run, columns, paint, explanation !== undefined),
    chartOf(rowsOf(run, explanation), run, columns, paint),
    explanation ? [] : dataFlowOf(run, columns, paint),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** Draws spans that belong to no run, in the same way. */
export function renderSpans(nodes: readonly SpanNode[], { width, color }: TimelineOptions): string {
  const nothing = { startNs: 0n, endNs: 0n };
  return chartOf(rowsOfSpans(nodes), nothing, Math.max(MIN_WIDTH, Math.floor(width)), painter(color)).join('\n');
}

function headerOf(run: Run, width: number, paint: Paint, isExplained: boolean): string[] {
  const name = escapeText(run.planName ?? (run.span ? 'unnamed run' : 'steps outside a run'));
  const strategy = run.strategy === undefined ? '' : ` [${escapeText(run.strategy)}]`;
  const duration = formatDuration(millisecondsOf(run.startNs, run.endNs));
  const [, words] = OUTCOMES[run.outcome ?? 'unknown'];
  const ended = run.outcome === undefined ? 'has not ended, as far as spans arrived' : `${words} after ${duration}`;
  const title = cutText(`${name}${strategy}`, Math.max(10, width - widthOf(ended) - 1));
  const lines = [
    `${paint('bold', title)} ${paint(OUTCOME_STYLES[run.outcome ?? 'unknown'], ended)}`,
    paint('dim', `trace ${run.traceId}`),
  ];
  if (run.plan)
    lines.push(...wrapText(`${run.seenTools} of ${run.plannedTools} planned steps seen${tallyOf(run)}`, width, 2));
  // Where a step says the same, its row shows it; an explanation has a verdict.
  const said = isExplained || run.groups.some(({ steps }) => steps.some(({ error }) => error === run.error));
  if (run.error !== undefined && !said) lines.push(...wrapText(escapeText(run.error), width, MAX_TEXT_LINES));
  return [...lines, ...run.notes.flatMap((note) => wrapText(`note: ${escapeText(note)}`, width, MAX_TEXT_LINES))];
}

/** E.g. `: 3 succeeded, 1 failed, 1 skipped`. */
function tallyOf(run: Run): string {
  const counts = new Map<string, number>();
  for (const step of stepsOf(run)) {
    const [, words] = OUTCOMES[step.outcome ?? 'unknown'];
    const word = step.outcome ? words : (step.absence ?? 'without outcome');
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts.size === 0 ? '' : `: ${[...counts].map(([words, count]) => `${count} ${words}`).join(', ')}`;
}

/** @param known times that are known beside those of the rows; 0 where nobody says */
function chartOf(rows: readonly Row[], known: Timed, width: number, paint: Paint): string[] {
  const { startNs, endNs } = rangeOf(known, rows);
  const widest = rows.reduce((most, row) => (row.label === '' ? most : Math.max(most, widthOf(labelOf(row)))), 0);
  const labelWidth = Math.min(widest, Math.floor(width * 0.4));
  const axis = { startNs, ns: Math.max(1, Number(endNs - startNs)), width: width - labelWidth - DURATION_WIDTH - 1 };
  const margin = ' '.repeat(labelWidth + 1);
  const head = rows.some(({ bar }) => bar) ? [paint('dim', margin + ticksOf(axis).trimEnd())] : [];
  const signs = [
    ...(rows.some(({ bar }) => bar?.isAside) ? ['█ critical path', '▒ other steps'] : []),
    ...(rows.some(({ bar }) => bar?.readyNs !== undefined && bar.readyNs < bar.startNs) ? ['· waited'] : []),
  ];
  const legend = signs.length > 0 ? [paint('dim', cutText(signs.join('  '), width))] : [];
  return [...head, ...rows.flatMap((row) => drawRow(row, axis, labelWidth, width, paint)), ...legend];
}

interface Timed {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

interface Axis {
  readonly startNs: bigint;
  readonly ns: number;
  readonly width: number;
}

function drawRow(row: Row, axis: Axis, labelWidth: number, width: number, paint: Paint): string[] {
  const label = labelOf(row);
  const { bar, text, style } = row;
  if (text !== undefined) {
    const indent = widthOf(label) > 0 ? Math.max(labelWidth, widthOf(label)) + 1 : row.indent;
    const lines = wrapText(escapeText(text), Math.max(20, width - indent), MAX_TEXT_LINES);
    return lines.map((line, index) => {
      const margin = index === 0 && label.trim() !== '' ? fitText(label, indent) : ' '.repeat(indent);
      return paint(style, margin + line);
    });
  }
  const fitted = fitText(label, labelWidth);
  if (!bar) return [paint(style, fitted.trimEnd())];
  const duration = fitText(formatDuration(millisecondsOf(bar.startNs, bar.endNs)), DURATION_WIDTH, 'right');
  return [
    `${paint(style, `${fitted} ${drawBar(bar, axis)}`)}${paint(bar.kind === 'step' ? undefined : 'dim', duration)}`,
  ];
}

function labelOf({ indent, mark, label }: Row): string {
  return `${' '.repeat(indent)}${mark === undefined ? '' : `${mark} `}${label}`;
}

/** A bar in as many columns as the axis has. However short, it can be seen. */
function drawBar({ kind, startNs, endNs, readyNs = startNs, isAside = false }: Bar, axis: Axis): string {
  const columnOf = (timeNs: bigint): number => (Number(timeNs - axis.startNs) / axis.ns) * axis.width;
  const [from, to] = [columnOf(startNs), columnOf(endNs)];
  const start = Math.min(axis.width - 1, Math.max(0, Math.round(from)));
  const cells = Math.min(axis.width - start, Math.max(1, Math.round(to) - start));
  const ready = Math.min(start, Math.max(0, Math.round(columnOf(readyNs))));
  const short = to - from < 0.5;
  const shape = {
    step: short ? '▏' : (isAside ? '▒' : '█').repeat(cells),
    span: short ? '·' : '─'.repeat(cells),
    group: cells < 2 ? '│' : `├${'─'.repeat(cells - 2)}┤`,
  }[kind];
  return fitText(' '.repeat(ready) + '·'.repeat(start - ready) + shape, axis.width);
}

/** Times below the start, the middle and the end of the axis. */
function ticksOf(axis: Axis): string {
  const end = formatDuration(axis.ns / NS_PER_MS);
  const middle = axis.width >= 40 ? formatDuration(axis.ns / NS_PER_MS / 2) : '';
  const half = Math.floor(axis.width / 2);
  return fitText(`${fitText('0 ms', half)}${middle}`, axis.width - widthOf(end)) + end;
}

/** From the first start to the last end of what is drawn; spans without a time do not count. */
function rangeOf(known: Timed, rows: readonly Row[]): Timed {
  let { startNs, endNs } = known;
  for (const { bar } of rows) {
    if (!bar) continue;
    if (bar.startNs < startNs || startNs === 0n) startNs = bar.startNs;
    if (bar.endNs > endNs) endNs = bar.endNs;
  }
  return { startNs, endNs };
}

function dataFlowOf(run: Run, width: number, paint: Paint): string[] {
  const lines = describeDataFlow(run);
  if (lines.length === 0) return [];
  const wrapped = lines.flatMap((line) => wrapText(line, width - 2, MAX_TEXT_LINES));
  return [paint('bold', 'data flow'), ...wrapped.map((line) => `  ${line}`)];
}

function millisecondsOf(startNs: bigint, endNs: bigint): number {
  return Math.max(0, Number(endNs - startNs) / NS_PER_MS);
}
