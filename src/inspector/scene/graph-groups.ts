import { count, formatDuration } from '../../explain/format.ts';
import type { GroupView, RunView, StepState } from '../view/run-view.ts';
import type { GraphGroup, GroupCount } from './graph-items.ts';
import { DETAIL_SIZE, fitText, textWidth } from './graph-text.ts';
import type { GraphLayout } from './layout-graph.ts';
import { isWrong, STATES } from './step-states.ts';

/** Where the title of a group begins, right of its triangle; how far texts stay from the right edge. */
export const TITLE_LEFT = 26;
export const TITLE_RIGHT = 14;
const TITLE_GAP = 8;
/** What a running time may need. */
const RUNNING_TIME = '00 min 00 s';

/** All groups. */
export function graphGroups(view: RunView, layout: GraphLayout): GraphGroup[] {
  const tallies = view.groups.map(() => ({ states: new Map<StepState, number>(), isCritical: false }));
  for (const { group, parent, state, isCritical } of view.steps) {
    const tally = parent === undefined ? tallies[group ?? -1] : undefined;
    if (!tally) continue;
    tally.states.set(state, (tally.states.get(state) ?? 0) + 1);
    tally.isCritical ||= isCritical;
  }
  return view.groups.map((group, index) => {
    const { states, isCritical } = tallies[index]!;
    const counts = countsOf(states);
    const { startMs, endMs } = group;
    const isRunning = startMs !== undefined && endMs === undefined && view.state === 'running';
    const time = startMs !== undefined && endMs !== undefined ? formatDuration(endMs - startMs) : '';
    const width = layout.groupWidth[index]!;
    const room = width - TITLE_LEFT - TITLE_RIGHT - TITLE_GAP - textWidth(isRunning ? RUNNING_TIME : time, DETAIL_SIZE);
    const color = colorOf(group, states);
    return {
      vertex: view.steps.length + index,
      group: index,
      x: layout.groupX[index]!,
      y: layout.groupY[index]!,
      width,
      height: layout.groupHeight[index]!,
      name: `group ${group.groupIndex}`,
      title: titleOf(group, room),
      time,
      ...(isRunning && { sinceMs: startMs }),
      ...(color && { color }),
      isCollapsed: layout.isCollapsed[index] === 1,
      isCritical,
      counts,
      summary: fitText(summaryOf(counts), width - 2 * TITLE_RIGHT, DETAIL_SIZE),
    };
  });
}

/** E.g. `group 0 · parallel · 3 of 3`: how many ran at once, of how many that may, where there is room to say so. */
function titleOf({ groupIndex, isParallel, parallelism }: GroupView, room: number): string {
  const title = `group ${groupIndex} · ${isParallel ? 'parallel' : 'serial'}`;
  const more = isParallel && parallelism ? ` · ${parallelism.peak} of ${parallelism.declared}` : '';
  return textWidth(title + more, DETAIL_SIZE) <= room ? title + more : title;
}

/** In the order of `STATES`, but what went wrong first. */
function countsOf(states: ReadonlyMap<StepState, number>): GroupCount[] {
  const order = Object.keys(STATES) as StepState[];
  const sorted = [...order.filter(isWrong), ...order.filter((state) => !isWrong(state))];
  return sorted.flatMap((state) => {
    const number = states.get(state) ?? 0;
    const { words, color } = STATES[state];
    return number === 0 ? [] : [{ words, color, count: number }];
  });
}

/** E.g. `100 steps, 2 failed`. */
function summaryOf(counts: readonly GroupCount[]): string {
  const total = counts.reduce((sum, { count: number }) => sum + number, 0);
  const rest = counts.filter(({ words }) => words !== STATES.success.words);
  return [count(total, 'step'), ...rest.map(({ words, count: number }) => `${number} ${words}`)].join(', ');
}

/** Of its outcome, or of the first state that went wrong in it. */
function colorOf({ outcome }: GroupView, states: ReadonlyMap<StepState, number>): GraphGroup['color'] {
  if (outcome !== undefined && outcome !== 'success') return STATES[outcome].color;
  const wrong = [...states.keys()].find(isWrong);
  return wrong && STATES[wrong].color;
}
