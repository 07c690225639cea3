import type { Explanation, FindingMs } from '../explain-run.ts';
import { formatDuration } from '../format.ts';

/**
 * By how much a run had been shorter, and under which condition, e.g. `twice as fast about 74 ms less`; empty for findings that say themselves what
 * they cost, and for the time of a step that did not succeed, which nobody wants to have sooner.
 */
export function tellSaving({ kind, toolIds, savesMs }: FindingMs, { notDone }: Pick<Explanation, 'notDone'>): string {
  if ((kind !== 'retries' && kind !== 'bottleneck') || savesMs === 0) return '';
  if (notDone.some(({ toolId }) => toolId === toolIds[0])) return '';
  return kind === 'retries' ? `with one attempt about ${formatDuration(savesMs)} less` : halfTime(savesMs);
}

/** What it saves that a step takes half as long. */
export function halfTime(savesMs: number): string {
  return `twice as fast about ${formatDuration(savesMs)} less`;
}
