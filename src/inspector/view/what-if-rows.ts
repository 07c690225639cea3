import type { Explanation } from '../../explain/explain-run.ts';
import { count } from '../../explain/format.ts';
import { isMaterial } from '../../explain/tell/is-material.ts';
import { nameStep } from '../../explain/tell/name-step.ts';
import type { WhatIfRow } from './run-view.ts';

const MAX_RETRIES = 5;

/** What a replay of the measured durations tells, without what would change next to nothing. */
export function whatIfRows(
  { whatIf, parallelism }: Pick<Explanation, 'whatIf' | 'parallelism'>,
  durationMs: number,
): WhatIfRow[] {
  const { readyMs, widths, withoutRetries } = whatIf;
  const rows: WhatIfRow[] = [];
  const add = (text: string, changeMs: number, step?: WhatIfRow['step']): void => {
    if (!isMaterial(Math.abs(changeMs), durationMs)) return;
    rows.push({ text, ms: durationMs + changeMs, changeMs, ...(step && { step }) });
  };
  if (readyMs !== undefined) add('each step as soon as what it needs has ended', readyMs - durationMs);
  const seen = widths.find(({ width }) => width === parallelism.peak);
  for (const { width, ms } of widths)
    if (seen && width !== seen.width) add(`${count(width, 'step')} at once instead of ${seen.width}`, ms - seen.ms);
  for (const step of withoutRetries.slice(0, MAX_RETRIES))
    add(`${nameStep(step)} successful at the first attempt`, -step.savesMs, step);
  return rows;
}
