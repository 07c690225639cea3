import { DARK, LIGHT } from '../../scene/palette.ts';
import { timelineSvgOf as svgOf, type TimelineSvgOptions } from '../../scene/timeline-svg.ts';
import { parseZoom } from '../../scene/timeline-zoom.ts';
import type { RunView } from '../../view/run-view.ts';
import { nowMs } from '../shown-run.ts';
import { isDark } from '../theme.ts';
import { shown } from '../url-state.ts';
import { openSpans } from './open-spans.ts';
import { readList } from './shown-lists.ts';

/** The timeline of a run as a picture: as it is shown, unless the options say otherwise. */
export function timelineSvgOf(run: RunView, options: TimelineSvgOptions = {}): string {
  const { collapsed, fold, zoom } = shown.peek();
  const window = parseZoom(zoom);
  return svgOf(run, {
    palette: isDark.peek() ? DARK : LIGHT,
    collapsed: new Set(readList(collapsed, 'number')),
    open: openSpans.peek(),
    isFolded: fold === '1',
    ...(window && { window }),
    ...(run.nowMs !== undefined && { nowMs: nowMs.peek() }),
    ...options,
  });
}
