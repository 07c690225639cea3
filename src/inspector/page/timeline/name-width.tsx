import type { JSX } from 'preact';
import { readChoice, writeChoice } from '../choices.ts';
import { Separator } from '../ui/separator.tsx';
import type { TimelineModel } from './timeline-model.ts';

const MIN_WIDTH = 120;
/** The most that names may take, and what they take as long as nobody chose, as parts of the width. */
const MAX_SHARE = 0.6;
const USUAL_SHARE = 0.28;
const MIN_USUAL_WIDTH = 150;
const MAX_USUAL_WIDTH = 340;
const KEY_STEP = 16;

/** How wide the names are: as it was chosen, as far as it fits. */
export function nameWidthFor(width: number): number {
  const usual = Math.max(MIN_USUAL_WIDTH, Math.min(MAX_USUAL_WIDTH, width * USUAL_SHARE));
  return clamp(Number(readChoice('names-width') ?? usual), width);
}

function clamp(pixels: number, width: number): number {
  return Math.round(Math.max(MIN_WIDTH, Math.min(width * MAX_SHARE, pixels || MIN_WIDTH)));
}

/** The line between names and plot, which can be moved. */
export function NameEdge({ model }: { readonly model: TimelineModel }): JSX.Element {
  const width = model.width.value;
  const setWidth = (pixels: number): void => {
    model.nameWidth.value = clamp(pixels, width);
    writeChoice('names-width', String(model.nameWidth.value));
  };
  return (
    <Separator
      class="name-edge"
      aria-orientation="vertical"
      label="Width of the names"
      value={model.nameWidth.value}
      min={MIN_WIDTH}
      max={Math.max(MIN_WIDTH, width * MAX_SHARE)}
      onDrag={({ clientX }, line) => setWidth(clientX - line.parentElement!.getBoundingClientRect().left)}
      onStep={(by) => setWidth(model.nameWidth.value + by * KEY_STEP)}
    />
  );
}
