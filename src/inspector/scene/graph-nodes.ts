import { count, formatDuration } from '../../explain/format.ts';
import { escapeText } from '../../explain/tell/escape-text.ts';
import type { RunView, StepView } from '../view/run-view.ts';
import type { GraphNode } from './graph-items.ts';
import { INDENT, NODE_HEIGHT, ROW_GAP } from './graph-sizes.ts';
import { DETAIL_SIZE, fitText, LABEL_SIZE, textWidth } from './graph-text.ts';
import type { GraphLayout } from './layout-graph.ts';
import { isWrong, STATES } from './step-states.ts';
import { shownName, tookText } from './texts.ts';

/** Where texts of a node begin, right of its mark; how far they stay from its right edge, and from each other. */
export const TEXT_LEFT = 30;
export const TEXT_RIGHT = 10;
const TEXT_GAP = 8;
/** What a running time may need. */
const RUNNING_TIME = '00 min 00 s';

/** The node of a step. */
export function graphNode(view: RunView, layout: GraphLayout, index: number, weight: number): GraphNode {
  const step = view.steps[index]!;
  const { state, startMs, isCritical, isPlanned, parent } = step;
  const { mark, color } = STATES[state];
  const [x, y, width] = [layout.nodeX[index]!, layout.nodeY[index]!, layout.nodeWidth[index]!];
  const time = tookText(step);
  const slack = slackText(step);
  const room = width - TEXT_LEFT - TEXT_RIGHT;
  return {
    vertex: index,
    step: index,
    x,
    y,
    width,
    height: NODE_HEIGHT,
    label: fitText(shownName(step), room - beside(state === 'running' ? RUNNING_TIME : time), LABEL_SIZE),
    detail: detailOf(step, room - beside(slack)),
    time,
    ...(state === 'running' && startMs !== undefined && { sinceMs: startMs }),
    slack,
    state,
    mark,
    color,
    // What went wrong is to be seen, whatever its slack.
    weight: isWrong(state) ? 1 : weight,
    isCritical,
    isPlanned,
    hasStarted: startMs !== undefined && state !== 'skip',
    ...(parent !== undefined && { stem: stemOf(layout, index, parent) }),
  };
}

/** Room that a text at the right needs. */
function beside(text: string): number {
  return text === '' ? 0 : textWidth(text, DETAIL_SIZE) + TEXT_GAP;
}

function slackText({ isCritical, slackMs, state }: StepView): string {
  if (isCritical) return 'critical';
  return slackMs === undefined || state === 'skip' ? '' : `slack ${formatDuration(slackMs)}`;
}

/** E.g. `failed · 3 attempts · ci_lookup`; where there is no room for all of it, without its end. */
function detailOf(
  { state, attemptCount = 1, isPlanned, toolId, toolType = 'unknown' }: StepView,
  room: number,
): string {
  const parts = [
    ...(state === 'success' ? [] : [STATES[state].words]),
    ...(attemptCount > 1 ? [count(attemptCount, 'attempt')] : []),
    ...(isPlanned ? [] : ['not in the plan']),
    ...(toolType === 'unknown' || toolType === toolId ? [] : [escapeText(toolType)]),
  ];
  while (parts.length > 1 && textWidth(parts.join(' · '), DETAIL_SIZE) > room) parts.pop();
  return fitText(parts.join(' · '), room, DETAIL_SIZE);
}

/** From what called it, or from the row above where the two are far apart. */
function stemOf(
  { nodeX, nodeY }: GraphLayout,
  index: number,
  parent: number,
): { readonly x: number; readonly y: number } {
  const isBelow = nodeY[parent]! < nodeY[index]!;
  return {
    x: nodeX[index]! - INDENT / 2,
    y: isBelow ? nodeY[parent]! + NODE_HEIGHT : nodeY[index]! - ROW_GAP,
  };
}
