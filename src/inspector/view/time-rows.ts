import type { Explanation } from '../../explain/explain-run.ts';
import { isFault } from '../../explain/findings.ts';
import { formatDuration } from '../../explain/format.ts';
import { isMaterial } from '../../explain/tell/is-material.ts';
import { nameStep } from '../../explain/tell/name-step.ts';
import { halfTime, tellSaving } from '../../explain/tell/tell-saving.ts';
import type { TimeRow } from './run-view.ts';

/**
 * What took time: what was found, then the other steps without which the run would be shorter. Of a run that has not ended nobody can say what would
 * save time.
 */
export function timeRows(explanation: Explanation, durationMs: number, hasEnded: boolean): TimeRow[] {
  const { findings, bottlenecks, notDone } = explanation;
  const told = new Set(notDone.map(({ toolId }) => toolId));
  const rows: TimeRow[] = [];
  const shareOf = (ms: number): number => (durationMs > 0 ? ms / durationMs : 0);
  for (const finding of findings) {
    if (isFault(finding)) continue;
    const { kind, text, toolIds, savesMs } = finding;
    const step = kind === 'bottleneck' ? bottlenecks.find(({ toolId }) => toolId === toolIds[0]) : undefined;
    if (step) told.add(step.toolId);
    const share = shareOf(step?.durationMs ?? savesMs);
    rows.push({ text, toolIds, share, saving: hasEnded ? tellSaving(finding, explanation) : '' });
  }
  for (const step of hasEnded ? bottlenecks : []) {
    if (told.has(step.toolId) || !isMaterial(step.savesMs, durationMs)) continue;
    const share = shareOf(step.durationMs);
    const percent = Math.round(share * 100);
    const text = `${nameStep(step)} took ${formatDuration(step.durationMs)} (${percent} % of the run)`;
    rows.push({ text, toolIds: [step.toolId], share, saving: halfTime(step.savesMs) });
  }
  return rows;
}
