import { timelineSvgOf } from '../../scene/timeline-svg.ts';
import { parseZoom } from '../../scene/timeline-zoom.ts';
import type { RunView } from '../../view/run-view.ts';
import { nowMs } from '../shown-run.ts';
import { palette } from '../theme.ts';
import { shown } from '../url-state.ts';
import { openSpans } from './open-spans.ts';
import { readList } from './shown-lists.ts';

/** The timeline of a run as a picture: as it is shown. */
export function shownTimelineSvg(run: RunView): string {
  const { collapsed, fold, zoom } = shown.peek();
  const window = parseZoom(zoom);
  return timelineSvgOf(run, {
    palette: palette.peek(),
    collapsed: new Set(readList(collapsed, 'number')),
    // What is still on its way would never arrive in a picture.
    open: new Map([...openSpans.peek()].filter(([, spans]) => spans !== undefined)),
    isFolded: fold === '1',
    ...(window && { window }),
    nowMs: nowMs.peek(),
  });
}
