import { formatDuration } from '../../explain/format.ts';
import type { Run } from '../../explain/read/run.ts';
import { formatStart } from '../../explain/tell/format-start.ts';
import { OUTCOMES } from '../../explain/tell/outcomes.ts';
import { OUTCOME_STYLES, painter } from '../paint.ts';
import { escapeText, fitText, widthOf } from '../terminal-text.ts';

/** What a list of runs tells of each. */
export type ListedRun = Pick<Run, 'traceId' | 'planName' | 'strategy' | 'outcome' | 'startNs' | 'endNs'>;

/** First digits of an id that are shown: enough to name a trace by. */
const ID_DIGITS = 8;
const MIN_PLAN_WIDTH = 10;
const NS_PER_MS = 1e6;

/** Runs as lines of a table. Names are escaped. */
export function renderRuns(
  runs: readonly ListedRun[],
  { width, color }: { readonly width: number; readonly color: boolean },
): string {
  const paint = painter(color);
  const head = ['trace', 'when (UTC)', 'plan', 'outcome', 'took'] as const;
  const rows = runs.map(cellsOf);
  const widths = head.map((title, column) => Math.max(...[title, ...rows.map((row) => row[column]!)].map(widthOf)));
  const others = widths.reduce((sum, one) => sum + one, 2 * (head.length - 1)) - widths[2]!;
  widths[2] = Math.min(widths[2]!, Math.max(MIN_PLAN_WIDTH, width - others));
  const line = (cells: readonly string[]): string[] =>
    cells.map((cell, column) => fitText(cell, widths[column]!, column === cells.length - 1 ? 'right' : 'left'));
  const lines = rows.map((row, index) => {
    const style = OUTCOME_STYLES[runs[index]!.outcome ?? 'unknown'];
    return line(row)
      .map((cell, column) => (column === 3 ? paint(style, cell) : cell))
      .join('  ')
      .trimEnd();
  });
  return [paint('dim', line(head).join('  ')), ...lines].join('\n');
}

/** The same for programs. */
export function runsToJson(runs: readonly ListedRun[]): object {
  return {
    runs: runs.map(({ traceId, planName, strategy, outcome, startNs, endNs }) => ({
      trace_id: traceId,
      start_time: new Date(Number(startNs / 1_000_000n)).toISOString(),
      plan_name: planName,
      strategy,
      outcome,
      duration_ms: outcome === undefined ? undefined : Number(endNs - startNs) / NS_PER_MS,
    })),
  };
}

function cellsOf({ traceId, planName, outcome, startNs, endNs }: ListedRun): string[] {
  const [mark, words] = OUTCOMES[outcome ?? 'unknown'];
  return [
    traceId.slice(0, ID_DIGITS),
    formatStart(startNs),
    escapeText(planName ?? 'unnamed run'),
    `${mark} ${outcome === undefined ? 'has not ended' : words}`,
    outcome === undefined ? '' : formatDuration(Number(endNs - startNs) / NS_PER_MS),
  ];
}
