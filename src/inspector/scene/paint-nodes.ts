import { formatDuration } from '../../explain/format.ts';
import type { GraphNode } from './graph-items.ts';
import * as look from './graph-look.ts';
import { TEXT_LEFT, TEXT_RIGHT } from './graph-nodes.ts';
import { INDENT, NODE_HEIGHT } from './graph-sizes.ts';
import { DETAIL_SIZE, fitText, LABEL_SIZE } from './graph-text.ts';
import { LEAST_TEXT, mix, type Pen, roughly, SCALE, setFont } from './graph-pen.ts';

/** What changes all the time in a run that goes on. */
export interface Moment {
  readonly nowMs: number;
  /** How bright what runs is, from 0 to 1. */
  readonly pulse: number;
}

/** Nodes, each as its scale wants it: a spot of its colour, then its name, then all of it. */
export function paintNodes(pen: Pen, nodes: readonly GraphNode[], moment: Moment): void {
  if (pen.scale < SCALE.strips) return paintSpots(pen, nodes);
  for (const node of nodes) paintStem(pen, node);
  const isNear = pen.scale >= SCALE.texts;
  for (const node of nodes) paintBody(pen, node, isNear, moment);
  if (isNear) paintTexts(pen, nodes, moment);
  else if (pen.scale >= SCALE.names) paintNames(pen, nodes);
}

function paintSpots({ context, palette, scale }: Pen, nodes: readonly GraphNode[]): void {
  let last = '';
  for (const { x, y, width, height, color, weight, hasStarted } of nodes) {
    const strength = hasStarted ? look.opacityOf(roughly(weight)) * 0.85 : 0.3;
    const fill = mix(palette[color], palette.surface, strength);
    if (fill !== last) context.fillStyle = last = fill;
    context.fillRect(x, y, width, height);
  }
  context.fillStyle = palette.critical;
  const thickness = Math.max(4, 1 / scale);
  for (const { x, y, width, height, isCritical } of nodes)
    if (isCritical) context.fillRect(x, y + height, width, thickness);
}

function paintStem({ context, palette }: Pen, { y, stem }: GraphNode): void {
  if (!stem) return;
  context.strokeStyle = palette.line;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(stem.x, stem.y);
  context.lineTo(stem.x, y + NODE_HEIGHT / 2);
  context.lineTo(stem.x + INDENT / 2, y + NODE_HEIGHT / 2);
  context.stroke();
}

function paintBody({ context, palette }: Pen, node: GraphNode, isNear: boolean, { pulse }: Moment): void {
  const { x, y, width, height, color, weight, isCritical, isPlanned, state } = node;
  const tint = look.tintOf({ ...node, weight: roughly(weight) });
  // Without texts there is nothing that a stronger tint makes hard to read.
  const fill = mix(palette[color], palette.surface, isNear ? tint : 2.5 * tint);
  const strip = mix(
    palette[color],
    palette.surface,
    look.opacityOf(roughly(weight)) * (state === 'running' ? 0.35 + 0.65 * pulse : 1),
  );
  context.fillStyle = fill;
  context.strokeStyle = isCritical ? palette.critical : mix(palette[color], palette.line, isPlanned ? 0.15 : 0.6);
  context.lineWidth = isCritical ? 2 : 1;
  if (!isNear) {
    context.fillRect(x, y, width, height);
    context.strokeRect(x, y, width, height);
    context.fillStyle = strip;
    return context.fillRect(x, y, 2 * look.STRIP_WIDTH, height);
  }
  const radius = look.NODE_RADIUS;
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fill();
  context.fillStyle = strip;
  context.beginPath();
  context.roundRect(x, y, radius, height, [radius, 0, 0, radius]);
  context.fill();
  if (!isPlanned) context.setLineDash([...look.UNPLANNED_DASH]);
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.stroke();
  if (!isPlanned) context.setLineDash([]);
}

function paintTexts(pen: Pen, nodes: readonly GraphNode[], { nowMs }: Moment): void {
  const { context, palette } = pen;
  setFont(pen, LABEL_SIZE, 600);
  for (const { x, y, mark, color } of nodes) {
    context.fillStyle = palette[color];
    context.fillText(mark, x + 12, y + look.LABEL_BASELINE);
  }
  setFont(pen, LABEL_SIZE, 500);
  for (const { x, y, label, hasStarted } of nodes) {
    context.fillStyle = hasStarted ? palette.text : palette.dim;
    context.fillText(label, x + TEXT_LEFT, y + look.LABEL_BASELINE);
  }
  setFont(pen, DETAIL_SIZE);
  context.fillStyle = palette.dim;
  for (const { x, y, detail } of nodes)
    if (detail !== '') context.fillText(detail, x + TEXT_LEFT, y + look.DETAIL_BASELINE);
  context.textAlign = 'right';
  for (const { x, y, width, time, sinceMs, slack, isCritical } of nodes) {
    const right = x + width - TEXT_RIGHT;
    const shown = sinceMs === undefined ? time : formatDuration(Math.max(0, nowMs - sinceMs));
    if (shown !== '') context.fillText(shown, right, y + look.LABEL_BASELINE);
    if (slack === '') continue;
    if (isCritical) context.fillStyle = palette.critical;
    context.fillText(slack, right, y + look.DETAIL_BASELINE);
    if (isCritical) context.fillStyle = palette.dim;
  }
  context.textAlign = 'left';
}

/** Names alone, as large as they have to be to be read. */
function paintNames(pen: Pen, nodes: readonly GraphNode[]): void {
  const { context, palette } = pen;
  const size = Math.min(NODE_HEIGHT * 0.75, LEAST_TEXT / pen.scale);
  setFont(pen, size);
  context.fillStyle = palette.text;
  for (const { x, y, width, label } of nodes) {
    const text = fitText(label, width - 24, size);
    context.fillText(text, x + 16, y + NODE_HEIGHT / 2 + size * 0.35);
  }
}
