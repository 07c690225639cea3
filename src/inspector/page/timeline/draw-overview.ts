import type { Palette } from '../../scene/palette.ts';
import { STATES } from '../../scene/step-states.ts';
import type { TimeScale } from '../../scene/time-scale.ts';
import type { RunTimes } from '../../scene/timeline-times.ts';
import type { RunView } from '../../view/run-view.ts';

interface Overview {
  readonly run: RunView;
  readonly times: RunTimes;
  readonly scale: TimeScale;
  readonly width: number;
  readonly height: number;
}

/** Above and below all steps, in pixels. */
const MARGIN = 3;
/** Steps are drawn as thin as they have to be, and no thicker than this. */
const MAX_THICKNESS = 6;
const MIN_THICKNESS = 1.5;

/** The whole run in a strip: a line a step, those of the critical path and those that went wrong on top. */
export function drawOverview(context: CanvasRenderingContext2D, overview: Overview, palette: Palette): void {
  const { run, width, height, scale } = overview;
  context.clearRect(0, 0, width, height);
  context.fillStyle = palette.raised;
  for (const fold of scale.folds({ from: 0, to: width })) context.fillRect(fold.x, 0, fold.width, height);
  const byColor = new Map<keyof Palette, number[]>();
  for (const [index, step] of run.steps.entries()) {
    if (step.startMs === undefined) continue;
    const color = step.isCritical && STATES[step.state].color === 'success' ? 'critical' : STATES[step.state].color;
    const indexes = byColor.get(color);
    if (indexes) indexes.push(index);
    else byColor.set(color, [index]);
  }
  const colors = [...byColor.keys()].toSorted((a, b) => Number(isQuiet(b)) - Number(isQuiet(a)));
  for (const color of colors) {
    context.fillStyle = palette[color];
    for (const index of byColor.get(color)!) drawStep(context, overview, index);
  }
}

function isQuiet(color: keyof Palette): boolean {
  return color === 'success' || color === 'skip' || color === 'unknown';
}

function drawStep(context: CanvasRenderingContext2D, { run, times, scale, height }: Overview, index: number): void {
  const pitch = (height - 2 * MARGIN) / run.steps.length;
  const x = scale.x(times.start[index]!);
  const thickness = Math.min(MAX_THICKNESS, Math.max(MIN_THICKNESS, pitch * 0.7));
  context.fillRect(x, MARGIN + index * pitch, Math.max(1.5, scale.x(times.end[index]!) - x), thickness);
}
