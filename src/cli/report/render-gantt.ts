import type { Explanation } from '../../explain/explain-run.ts';

/** More bars than this are no picture. */
const MAX_STEPS = 15;
const MAX_NAME_LENGTH = 40;
const MINUTE_MS = 60_000;
/** Invisible, and no break (U+2060). */
const JOINER = '\u2060';

/** The steps of a small run as a Mermaid Gantt chart; undefined for a run of one step or of too many. */
export function renderGantt({ steps, durationMs }: Explanation): string | undefined {
  const shown = steps.filter((step) => step.durationMs > 0);
  if (shown.length < 2 || shown.length > MAX_STEPS || durationMs < 1) return undefined;
  const lines = shown.map(({ toolId, iteration, startMs, durationMs: ms, isCritical }) => {
    const name = toMermaid(iteration > 1 ? `${toolId} ${iteration}` : toolId);
    const start = Math.round(startMs);
    // A bar of no width is not drawn.
    return `  ${name} :${isCritical ? 'crit, ' : ''}${start}, ${Math.max(start + 1, Math.round(startMs + ms))}`;
  });
  const axis = durationMs < MINUTE_MS ? '%S.%L s' : '%M:%S';
  return ['gantt', '  dateFormat x', `  axisFormat ${axis}`, ...lines].join('\n');
}

/** A name of a task cannot be quoted: what Mermaid would read as syntax becomes a space, and no name begins with a word or a date of its grammar. */
function toMermaid(name: string): string {
  const text = name
    .replaceAll(/[^\p{L}\p{N}_.()/-]+/gu, ' ')
    .trim()
    .slice(0, MAX_NAME_LENGTH);
  return JOINER + (text === '' ? 'step' : text);
}
