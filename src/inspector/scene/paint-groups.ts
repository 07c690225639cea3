import { formatDuration } from '../../explain/format.ts';
import { TITLE_LEFT, TITLE_RIGHT } from './graph-groups.ts';
import type { GraphGroup } from './graph-items.ts';
import * as look from './graph-look.ts';
import { NODE_WIDTH, TITLE_HEIGHT } from './graph-sizes.ts';
import { howMany } from './graph-tally.ts';
import { DETAIL_SIZE, textWidth } from './graph-text.ts';
import { STATES } from './step-states.ts';
import { type Canvas, LEAST_TEXT, mix, type Pen, SCALE, setFont } from './graph-pen.ts';

/** Frames of groups, and groups that are one box. */
export function paintGroups(pen: Pen, groups: readonly GraphGroup[], nowMs: number): void {
  for (const group of groups) paintFrame(pen, group);
  if (pen.scale >= SCALE.texts) paintTitles(pen, groups, nowMs);
  else if (pen.scale >= SCALE.names) paintShortTitles(pen, groups);
}

function paintFrame({ context, palette, scale }: Pen, group: GraphGroup): void {
  const { x, y, width, height, color, isCollapsed, isCritical, counts } = group;
  const isCriticalBox = isCollapsed && isCritical;
  context.fillStyle = color ? mix(palette[color], palette.surface, 0.05) : palette.surface;
  context.strokeStyle = isCriticalBox
    ? palette.critical
    : color
      ? mix(palette[color], palette.line, 0.7)
      : palette.line;
  context.lineWidth = Math.max(isCriticalBox ? 2.5 : 1, 0.5 / scale);
  if (scale < SCALE.strips) {
    // Nobody sees round corners from afar, and they take time.
    context.fillRect(x, y, width, height);
    context.strokeRect(x, y, width, height);
  } else {
    context.beginPath();
    context.roundRect(x, y, width, height, look.GROUP_RADIUS);
    context.fill();
    context.stroke();
  }
  if (!isCollapsed) return;
  const isNear = scale >= SCALE.texts;
  const [top, thickness] = isNear ? [y + look.BAR_TOP, look.BAR_HEIGHT] : [y + height * 0.55, height * 0.3];
  const total = howMany(counts);
  let left = x + TITLE_RIGHT;
  for (const { state, count } of counts) {
    const part = ((width - 2 * TITLE_RIGHT) * count) / total;
    context.fillStyle = palette[STATES[state].color];
    context.fillRect(left, top, part, thickness);
    left += part;
  }
}

function paintTitles(pen: Pen, groups: readonly GraphGroup[], nowMs: number): void {
  const { context, palette } = pen;
  setFont(pen, DETAIL_SIZE);
  context.fillStyle = palette.dim;
  for (const { x, y, width, title, time, sinceMs, isCollapsed, summary } of groups) {
    paintTriangle(context, x + TITLE_RIGHT, y + look.TITLE_BASELINE - 4, isCollapsed);
    context.fillText(title, x + TITLE_LEFT, y + look.TITLE_BASELINE);
    const shown = sinceMs === undefined ? time : formatDuration(Math.max(0, nowMs - sinceMs));
    if (shown !== '') {
      context.textAlign = 'right';
      context.fillText(shown, x + width - TITLE_RIGHT, y + look.TITLE_BASELINE);
      context.textAlign = 'left';
    }
    if (!isCollapsed) continue;
    context.fillStyle = palette.text;
    context.fillText(summary, x + TITLE_RIGHT, y + look.SUMMARY_BASELINE);
    context.fillStyle = palette.dim;
  }
}

/** Down where a group is open, to the right where it is collapsed. */
function paintTriangle(context: Canvas, x: number, y: number, isCollapsed: boolean): void {
  context.beginPath();
  context.moveTo(isCollapsed ? x : x - 1, isCollapsed ? y - 4 : y - 3);
  context.lineTo(isCollapsed ? x + 6 : x + 7, isCollapsed ? y : y - 3);
  context.lineTo(isCollapsed ? x : x + 3, isCollapsed ? y + 4 : y + 3);
  context.fill();
}

/** As large as they have to be to be read; all of them as long as there is room for in the smallest frame. */
function paintShortTitles(pen: Pen, groups: readonly GraphGroup[]): void {
  const { context, palette } = pen;
  const size = Math.min(TITLE_HEIGHT * 0.85, LEAST_TEXT / pen.scale);
  const hasMode = textWidth(LONGEST_NAME, size) <= NODE_WIDTH;
  setFont(pen, size);
  context.fillStyle = palette.dim;
  for (const { x, y, name } of groups) {
    const text = hasMode ? name : name.split(' ·', 1)[0]!;
    // Nearer to the frame than to the first node.
    context.fillText(text, x + TITLE_RIGHT, y + TITLE_HEIGHT * 0.42 + size * 0.35);
  }
}

const LONGEST_NAME = 'group 00 · parallel';
