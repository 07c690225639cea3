import { type Explanation, explainRun } from '../../explain/explain-run.ts';
import type { Run } from '../../explain/read/run.ts';
import { criticalPathOf, sectionsOf } from '../../explain/tell/sections.ts';
import { type Paint, painter } from '../paint.ts';
import { renderTimeline, type TimelineOptions } from '../render-timeline.ts';
import { escapeText, fitText, widthOf, wrapText } from '../terminal-text.ts';
import { renderVerdict } from './render-verdict.ts';
import { type StepLine, stepLines } from './step-table.ts';

const MAX_TEXT_LINES = 6;
/** Steps in the table; the rest is counted. */
const MAX_STEPS = 20;
const HEAD: StepLine = { name: 'step', duration: 'took', waited: 'waited', slack: 'slack' };
const COLUMNS = ['duration', 'waited', 'slack'] as const;

/**
 * Writes a report as text: the verdict, the timeline, and what else is worth knowing, each part only when it has something to say. Readable
 * without colour; names are escaped.
 *
 * @returns lines of at most `width` columns (40 or more), without a line break at the end
 */
export function renderReport(
  run: Run,
  { width, color }: TimelineOptions,
  explanation: Explanation = explainRun(run),
): string {
  const columns = Math.max(40, Math.floor(width));
  const paint = painter(color);
  const wrap = (text: string, indent: number): string[] =>
    wrapText(escapeText(text), columns - indent, MAX_TEXT_LINES).map((line) => `${' '.repeat(indent)}${line}`);
  const parts = [
    renderVerdict(explanation.verdict, { width: columns, color }),
    renderTimeline(run, { width: columns, color, explanation }),
  ];
  const item = (text: string): string[] =>
    wrap(text, 4).map((line, index) => (index === 0 ? line.replace(/^ {4}/, '  - ') : line));
  const findings: string[] = [];
  const others: string[] = [];
  for (const { title, lines, isFinding } of sectionsOf(run, explanation))
    (isFinding ? findings : others).push([paint('bold', title), ...lines.flatMap(item)].join('\n'));
  const path = criticalPathOf(explanation);
  if (path !== undefined)
    findings.push(
      [paint('bold', 'critical path'), ...wrap(path, 2), ...tableOf(explanation, columns, paint)].join('\n'),
    );
  return [...parts, ...findings, ...others].join('\n\n');
}

function tableOf(explanation: Explanation, width: number, paint: Paint): string[] {
  const lines = stepLines(explanation).map(({ line }) => line);
  const shown = lines.slice(0, MAX_STEPS);
  const more = lines.length - shown.length;
  const used = COLUMNS.filter((column) => shown.some((line) => line[column] !== ''));
  const widths = used.map((column) => Math.max(...[HEAD, ...shown].map((line) => widthOf(line[column]))));
  const numbers = widths.reduce((sum, one) => sum + one + 2, 0);
  const nameWidth = Math.min(
    Math.max(...[HEAD, ...shown].map(({ name }) => widthOf(escapeText(name)))),
    Math.max(8, width - numbers - 2),
  );
  const row = (line: StepLine): string => {
    const cells = used.map((column, index) => fitText(line[column], widths[index]!, 'right'));
    return `  ${[fitText(escapeText(line.name), nameWidth), ...cells].join('  ')}`.trimEnd();
  };
  return [paint('dim', row(HEAD)), ...shown.map(row), ...(more > 0 ? [`  and ${more} more, none longer`] : [])];
}
