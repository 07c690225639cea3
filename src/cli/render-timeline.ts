import { styleText } from 'node:util';
import { formatDuration } from '../explain/format.ts';
import type { ReceivedSpan } from '../explain/received-span.ts';
import type { Group, Run, SpanNode, Step } from '../explain/run.ts';
import type { MappingRecord } from '../mapping.ts';
import { OUTCOMES, type Style } from './outcomes.ts';
import { cutText, escapeText, fitText, formatBytes, widthOf, wrapText } from './terminal-text.ts';

/** Narrower than this nothing can be read; such a terminal breaks the lines itself. */
const MIN_WIDTH = 40;
const DURATION_WIDTH = 10;
const MAX_TEXT_LINES = 3;
/** Spans of others shown below one parent, and how deep. The rest is counted. */
const MAX_SPANS = 5;
const MAX_DEPTH = 8;
const NS_PER_MS = 1e6;

export interface TimelineOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly color: boolean;
}

/** A line of the picture: a label, and a bar on the time axis or words in its place. */
interface Row {
  readonly indent: number;
  readonly mark?: string;
  readonly label: string;
  readonly style?: Style | undefined;
  readonly bar?: Bar | undefined;
  readonly text?: string;
}

interface Bar {
  readonly kind: 'group' | 'step' | 'span';
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/**
 * Draws a run as text: a header, groups and steps as bars on a time axis with what happened below them, and how data flowed. Everything
 * can be read without colour. Names are escaped: they come from whoever sent the spans.
 *
 * @returns lines of at most `width` columns (40 or more), without a line break at the end
 */
export function renderTimeline(run: Run, { width, color }: TimelineOptions): string {
  const columns = Math.max(MIN_WIDTH, Math.floor(width));
  const paint = (style: Style | undefined, text: string): string =>
    color && style ? styleText(style, text, { validateStream: false }) : text;
  const sections = [headerOf(run, columns, paint), chartOf(run, columns, paint), dataFlowOf(run, columns, paint)];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

type Paint = (style: Style | undefined, text: string) => string;

function headerOf(run: Run, width: number, paint: Paint): string[] {
  const name = escapeText(run.planName ?? (run.span ? 'unnamed run' : 'steps outside a run'));
  const strategy = run.strategy === undefined ? '' : ` [${escapeText(run.strategy)}]`;
  const duration = formatDuration(millisecondsOf(run.startNs, run.endNs));
  const [, words, style] = OUTCOMES[run.outcome ?? 'unknown'];
  const ended = run.outcome === undefined ? 'has not ended, as far as spans arrived' : `${words} after ${duration}`;
  const title = cutText(`${name}${strategy}`, Math.max(10, width - widthOf(ended) - 1));
  const lines = [`${paint('bold', title)} ${paint(style, ended)}`, paint('dim', `trace ${run.traceId}`)];
  if (run.plan)
    lines.push(...wrapText(`${run.seenTools} of ${run.plannedTools} planned steps seen${tallyOf(run)}`, width, 2));
  // Where a step says the same, its row shows it.
  const said = run.groups.some(({ steps }) => steps.some(({ error }) => error === run.error));
  if (run.error !== undefined && !said) lines.push(...wrapText(escapeText(run.error), width, MAX_TEXT_LINES));
  return [...lines, ...run.notes.flatMap((note) => wrapText(`note: ${escapeText(note)}`, width, MAX_TEXT_LINES))];
}

/** E.g. `: 3 succeeded, 1 failed, 1 skipped`. */
function tallyOf(run: Run): string {
  const counts = new Map<string, number>();
  for (const step of [...run.groups.flatMap(({ steps }) => steps), ...run.steps]) {
    const [, words] = OUTCOMES[step.outcome ?? 'unknown'];
    const word = step.outcome ? words : (step.absence ?? 'without outcome');
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts.size === 0 ? '' : `: ${[...counts].map(([words, count]) => `${count} ${words}`).join(', ')}`;
}

function chartOf(run: Run, width: number, paint: Paint): string[] {
  const rows = rowsOf(run);
  const [startNs, endNs] = rangeOf(run, rows);
  const widest = rows.reduce((most, row) => (row.label === '' ? most : Math.max(most, widthOf(labelOf(row)))), 0);
  const labelWidth = Math.min(widest, Math.floor(width * 0.4));
  const axis = { startNs, ns: Math.max(1, Number(endNs - startNs)), width: width - labelWidth - DURATION_WIDTH - 1 };
  const margin = ' '.repeat(labelWidth + 1);
  const head = rows.some(({ bar }) => bar) ? [paint('dim', margin + ticksOf(axis).trimEnd())] : [];
  return [...head, ...rows.flatMap((row) => drawRow(row, axis, labelWidth, width, paint))];
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
function drawBar({ kind, startNs, endNs }: Bar, axis: Axis): string {
  const from = (Number(startNs - axis.startNs) / axis.ns) * axis.width;
  const to = (Number(endNs - axis.startNs) / axis.ns) * axis.width;
  const start = Math.min(axis.width - 1, Math.max(0, Math.round(from)));
  const cells = Math.min(axis.width - start, Math.max(1, Math.round(to) - start));
  const short = to - from < 0.5;
  const shape = {
    step: short ? '▏' : '█'.repeat(cells),
    span: short ? '·' : '─'.repeat(cells),
    group: cells < 2 ? '│' : `├${'─'.repeat(cells - 2)}┤`,
  }[kind];
  return fitText(' '.repeat(start) + shape, axis.width);
}

/** Times below the start, the middle and the end of the axis. */
function ticksOf(axis: Axis): string {
  const end = formatDuration(axis.ns / NS_PER_MS);
  const middle = axis.width >= 40 ? formatDuration(axis.ns / NS_PER_MS / 2) : '';
  const half = Math.floor(axis.width / 2);
  return fitText(`${fitText('0 ms', half)}${middle}`, axis.width - widthOf(end)) + end;
}

/** From the first start to the last end of what is drawn; spans without a time do not count. */
function rangeOf(run: Run, rows: readonly Row[]): readonly [bigint, bigint] {
  let [startNs, endNs] = [run.startNs, run.endNs];
  for (const { bar } of rows) {
    if (!bar) continue;
    if (bar.startNs < startNs || startNs === 0n) startNs = bar.startNs;
    if (bar.endNs > endNs) endNs = bar.endNs;
  }
  return [startNs, endNs];
}

function rowsOf(run: Run): Row[] {
  const rows: Row[] = [];
  addRun(rows, run, 0);
  return rows;
}

function addRun(rows: Row[], run: Run, indent: number): void {
  for (const group of run.groups) {
    rows.push(groupRow(group, indent));
    for (const step of group.steps) addStep(rows, step, indent + 2);
  }
  for (const step of run.steps) addStep(rows, step, indent);
  addSpans(rows, run.spans, indent);
}

function moreBelow(indent: number): Row {
  return { indent, label: '', style: 'dim', text: 'and more below' };
}

function groupRow({ groupIndex, parallel, startNs, endNs }: Group, indent: number): Row {
  const label = `group ${groupIndex} ${parallel ? 'parallel' : 'serial'}`;
  return { indent, label, style: 'cyan', bar: barOf('group', startNs, endNs) };
}

function addStep(rows: Row[], step: Step, indent: number): void {
  const [mark, words, style] = OUTCOMES[step.outcome ?? 'unknown'];
  const iteration = step.iteration > 1 ? ` #${step.iteration}` : '';
  const label = `${escapeText(step.toolId)}${iteration}${step.isPlanned ? '' : ' (unplanned)'}`;
  const { span } = step;
  if (!span || step.outcome === 'skip') {
    const what = step.absence ?? words;
    rows.push({ indent, mark, label, style, text: step.reason === undefined ? what : `${what}: ${step.reason}` });
    return;
  }
  // A span without an outcome comes from a producer that does not say; it ran all the same.
  rows.push({ indent, mark: step.outcome ? mark : '?', label, style, bar: barOf('step', span.startNs, span.endNs) });
  if (step.error !== undefined) rows.push({ indent: indent + 2, label: '', style, text: `${words}: ${step.error}` });
  else if (step.outcome && step.outcome !== 'success') rows.push({ indent: indent + 2, label: '', style, text: words });
  if (indent >= MAX_DEPTH * 2) {
    if (step.attempts.length + step.spans.length + step.steps.length + step.runs.length > 0)
      rows.push(moreBelow(indent));
    return;
  }
  for (const attempt of step.attempts) {
    const ofAttempts = attempt.maxAttempts === undefined ? '' : ` of ${attempt.maxAttempts}`;
    const [attemptMark] = OUTCOMES[attempt.outcome ?? 'unknown'];
    const bar = barOf('span', attempt.span.startNs, attempt.span.endNs);
    rows.push({ indent: indent + 2, mark: attemptMark, label: `attempt ${attempt.attempt}${ofAttempts}`, bar });
    addSpans(rows, attempt.spans, indent + 4);
  }
  addSpans(rows, step.spans, indent + 2);
  for (const inner of step.steps) addStep(rows, inner, indent + 2);
  for (const run of step.runs) {
    const [runMark, , runStyle] = OUTCOMES[run.outcome ?? 'unknown'];
    const bar = barOf('span', run.startNs, run.endNs);
    rows.push({
      indent: indent + 2,
      mark: runMark,
      label: `run ${escapeText(run.planName ?? '')}`,
      style: runStyle,
      bar,
    });
    addRun(rows, run, indent + 4);
  }
}

function addSpans(rows: Row[], nodes: readonly SpanNode[], indent: number): void {
  if (indent > MAX_DEPTH * 2) {
    if (nodes.length > 0) rows.push(moreBelow(indent));
    return;
  }
  for (const { span, children } of nodes.slice(0, MAX_SPANS)) {
    rows.push({ indent, label: nameOf(span), style: 'dim', bar: barOf('span', span.startNs, span.endNs) });
    addSpans(rows, children, indent + 2);
  }
  const left = nodes.length - MAX_SPANS;
  if (left > 0)
    rows.push({ indent, label: '', style: 'dim', text: `and ${left} more ${left === 1 ? 'span' : 'spans'}` });
}

/** The name of a span of others; for HTTP with path and status, by the names of the semantic conventions. */
function nameOf({ name, attributes }: ReceivedSpan): string {
  const path = attributes.get('url.path');
  const status = attributes.get('http.response.status_code');
  const words = [name];
  if (typeof path === 'string' && !name.includes(path)) words.push(path);
  if (typeof status === 'number') words.push(String(status));
  return escapeText(words.join(' '));
}

function barOf(kind: Bar['kind'], startNs: bigint | undefined, endNs: bigint | undefined): Bar | undefined {
  if (startNs === undefined || endNs === undefined || startNs === 0n) return undefined;
  return { kind, startNs, endNs };
}

function dataFlowOf(run: Run, width: number, paint: Paint): string[] {
  const steps = [...run.groups.flatMap((group) => group.steps), ...run.steps];
  const lines = steps.flatMap((step) => flowsOf(step));
  return lines.length === 0
    ? []
    : [
        paint('bold', 'data flow'),
        ...lines.flatMap((line) => wrapText(line, width - 2, MAX_TEXT_LINES).map((part) => `  ${part}`)),
      ];
}

function flowsOf(step: Step): string[] {
  const read = new Map(step.mappings.map((mapping) => [mapping.field, mapping]));
  const unread = Object.entries(step.outputMapping).filter(([field]) => !read.has(field));
  return [
    ...step.mappings.map((mapping) => flow(step, mapping.field, mapping.ref, whatOf(mapping))),
    ...unread.map(([field, ref]) => flow(step, field, ref, 'not read')),
  ];
}

function flow({ toolId }: Step, field: string, ref: string, what: string): string {
  return escapeText(`${toolId}.${field} <- ${ref.replace(/^\{(.*)\}$/s, '$1')}  (${what})`);
}

function whatOf({ resolved, type, bytes }: MappingRecord): string {
  if (!resolved) return 'found nothing';
  return [type ?? 'a value', bytes === undefined ? undefined : formatBytes(bytes)].filter(Boolean).join(', ');
}

function millisecondsOf(startNs: bigint, endNs: bigint): number {
  return Math.max(0, Number(endNs - startNs) / NS_PER_MS);
}
