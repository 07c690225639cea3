import type { RunView } from '../view/run-view.ts';
import type { TimelineRow } from './timeline-rows.ts';
import type { RunTimes } from './timeline-times.ts';

/** From the end of a step on the critical path to the start of the next: rows and times. */
export interface CriticalLink {
  readonly fromRow: number;
  readonly toRow: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The links of the critical path, as far as they lead from one row to another: a collapsed group stands for its steps. */
export function criticalLinks(view: RunView, rows: readonly TimelineRow[], times: RunTimes): CriticalLink[] {
  const path = view.criticalPath?.steps ?? [];
  if (path.length < 2) return [];
  const ofStep = new Map<number, number>();
  const ofGroup = new Map<number, number>();
  for (const [at, row] of rows.entries()) {
    if (row.kind === 'step') ofStep.set(row.step, at);
    if (row.kind === 'group') ofGroup.set(row.group, at);
  }
  const rowOf = (step: number): number => ofStep.get(step) ?? ofGroup.get(view.steps[step]?.group ?? -1) ?? -1;
  const links: CriticalLink[] = [];
  for (const [at, step] of path.slice(1).entries()) {
    const before = path[at]!;
    const [fromRow, toRow] = [rowOf(before), rowOf(step)];
    if (fromRow < 0 || toRow < 0 || fromRow === toRow) continue;
    links.push({ fromRow, toRow, fromMs: times.end[before]!, toMs: times.start[step]! });
  }
  return links;
}
