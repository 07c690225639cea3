import type { GroupView, RunView } from '../view/run-view.ts';
import type { GraphGroup } from './graph-items.ts';
import { type GroupTally, howMany, summarize, tallyGroups } from './graph-tally.ts';
import { DETAIL_SIZE, fitText, textWidth } from './graph-text.ts';
import type { GraphLayout } from './layout-graph.ts';
import { groupTitle, tookText } from './texts.ts';

/** Where the title of a group begins, right of its triangle; how far texts stay from the right edge. */
export const TITLE_LEFT = 26;
export const TITLE_RIGHT = 14;
const TITLE_GAP = 8;
/** What a running time may need. */
const RUNNING_TIME = '00 min 00 s';

/** All groups. */
export function graphGroups(view: RunView, layout: GraphLayout): GraphGroup[] {
  const tallies = tallyGroups(view);
  return view.groups.map((group, index) => {
    const { counts, isCritical, color } = tallies[index]!;
    const { startMs, endMs } = group;
    const isRunning = startMs !== undefined && endMs === undefined && view.state === 'running';
    const time = tookText(group);
    const width = layout.groupWidth[index]!;
    const room = width - TITLE_LEFT - TITLE_RIGHT - TITLE_GAP - textWidth(isRunning ? RUNNING_TIME : time, DETAIL_SIZE);
    return {
      vertex: view.steps.length + index,
      group: index,
      x: layout.groupX[index]!,
      y: layout.groupY[index]!,
      width,
      height: layout.groupHeight[index]!,
      name: groupTitle(group),
      title: titleOf(group, counts, room),
      time,
      ...(isRunning && { sinceMs: startMs }),
      ...(color && { color }),
      isCollapsed: layout.isCollapsed[index] === 1,
      isCritical,
      counts,
      summary: fitText(summarize(counts), width - 2 * TITLE_RIGHT, DETAIL_SIZE),
    };
  });
}

/** E.g. `group 0 · parallel · 3 of 4 done`, as much of it as there is room for. */
function titleOf(group: GroupView, counts: GroupTally['counts'], room: number): string {
  const title = groupTitle(group);
  const done = howMany(counts, (state) => state === 'success');
  const total = howMany(counts);
  const progress = total > 1 ? ` · ${done} of ${total}` : '';
  const fitting = [`${progress} done`, progress].find((more) => textWidth(title + more, DETAIL_SIZE) <= room);
  return progress === '' ? title : title + (fitting ?? '');
}
