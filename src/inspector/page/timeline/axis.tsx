import type { JSX } from 'preact';
import { formatDuration } from '../../../explain/format.ts';
import type { TimelineModel } from './timeline-model.ts';

/** A label of a fold needs so many pixels: where two are closer, the second one goes without. */
const FOLD_LABEL_WIDTH = 70;

/** Times above the plot. */
export function Axis({ model }: { readonly model: TimelineModel }): JSX.Element {
  const pixels = { from: 0, to: model.plotWidth.value };
  const scale = model.scale.value;
  let last = -Infinity;
  const folds = scale.folds(pixels).filter(({ x }) => {
    if (x - last < FOLD_LABEL_WIDTH) return false;
    last = x;
    return true;
  });
  return (
    <div class="timeline-axis" aria-hidden="true">
      {scale.ticks(pixels).map(({ ms, x, label }) => (
        <span key={ms} class="tick" style={{ left: `${x}px` }}>
          {label}
        </span>
      ))}
      {folds.map(({ fromMs, toMs, x, width }) => (
        <span key={`fold ${fromMs}`} class="tick is-fold" style={{ left: `${x + width / 2}px` }}>
          {formatDuration(toMs - fromMs)} idle
        </span>
      ))}
    </div>
  );
}

/** Lines behind the rows: ticks, folds, where the run ended. */
export function Grid({ model }: { readonly model: TimelineModel }): JSX.Element {
  const width = model.plotWidth.value;
  const scale = model.scale.value;
  const pixels = { from: 0, to: width };
  const run = model.run.value;
  const start = scale.x(0);
  const end = run.state === 'running' ? width : scale.x(run.durationMs);
  return (
    <div class="timeline-grid" style={{ width: `${width}px` }} aria-hidden="true">
      {start > 0 && <i class="outside" style={{ left: '0', width: `${Math.min(start, width)}px` }} />}
      {end < width && <i class="outside" style={{ left: `${Math.max(0, end)}px`, right: '0' }} />}
      {scale.ticks(pixels).map(({ ms, x }) => (
        <i key={ms} class="grid-line" style={{ left: `${x}px` }} />
      ))}
      {scale.folds(pixels).map((fold) => (
        <i key={`fold ${fold.fromMs}`} class="fold" style={{ left: `${fold.x}px`, width: `${fold.width}px` }} />
      ))}
      <NowLine model={model} />
    </div>
  );
}

/** Where a run that goes on is. */
function NowLine({ model }: { readonly model: TimelineModel }): JSX.Element | null {
  if (model.run.value.state !== 'running') return null;
  const x = model.scale.value.x(model.times.value.nowMs);
  if (x < 0 || x > model.plotWidth.value) return null;
  return <i class="now-line" style={{ left: `${x}px` }} />;
}
