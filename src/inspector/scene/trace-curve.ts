import { pointOn } from './bezier.ts';
import type { Box } from './graph-camera.ts';
import type { Dash } from './graph-look.ts';
import type { Canvas } from './graph-pen.ts';

/** How long the straight parts are that a dashed piece is made of, about, and most of them. */
const STRAIGHT = 14;
const MAX_STRAIGHTS = 28;

/**
 * Adds a curve to the path of a canvas, without the pieces that are not seen. Dashes are drawn one by one: a canvas that dashes curves by itself takes
 * much longer, and for what is out of sight as well.
 */
export function traceCurve(context: Canvas, curve: Float64Array, dash: Dash | undefined, seen: Box): void {
  let isJoined = false;
  for (let at = 0; at + 7 < curve.length; at += 6) {
    if (!isPieceSeen(curve, at, seen)) {
      isJoined = false;
      continue;
    }
    if (dash) {
      traceDashes(context, curve, at, dash, seen);
      continue;
    }
    if (!isJoined) context.moveTo(curve[at]!, curve[at + 1]!);
    isJoined = true;
    context.bezierCurveTo(
      curve[at + 2]!,
      curve[at + 3]!,
      curve[at + 4]!,
      curve[at + 5]!,
      curve[at + 6]!,
      curve[at + 7]!,
    );
  }
}

/** Each piece begins with a dash of its own, so that dashes stay where they are whatever is seen before them. */
function traceDashes(context: Canvas, curve: Float64Array, at: number, dash: Dash, seen: Box): void {
  const [x0, y0, y1, y2, x3, y3] = [
    curve[at]!,
    curve[at + 1]!,
    curve[at + 3]!,
    curve[at + 5]!,
    curve[at + 6]!,
    curve[at + 7]!,
  ];
  if (y0 === y3 && y1 === y0 && y2 === y0) return traceLevelDashes(context, x0, x3, y0, dash, seen);
  const straights = Math.max(6, Math.min(MAX_STRAIGHTS, Math.ceil((Math.abs(x3 - x0) + Math.abs(y3 - y0)) / STRAIGHT)));
  let [x, y, rest, isDrawn] = [x0, y0, dash[0], true];
  context.moveTo(x, y);
  for (let part = 1; part <= straights; part += 1) {
    const t = part / straights;
    const [toX, toY] = [pointOn(curve, at, t), pointOn(curve, at + 1, t)];
    let left = Math.hypot(toX - x, toY - y);
    while (left > rest) {
      x += ((toX - x) * rest) / left;
      y += ((toY - y) * rest) / left;
      left -= rest;
      if (isDrawn) context.lineTo(x, y);
      else context.moveTo(x, y);
      isDrawn = !isDrawn;
      rest = dash[isDrawn ? 0 : 1];
    }
    rest -= left;
    [x, y] = [toX, toY];
    if (isDrawn) context.lineTo(x, y);
  }
}

function traceLevelDashes(
  context: Canvas,
  fromX: number,
  toX: number,
  y: number,
  [drawn, free]: Dash,
  seen: Box,
): void {
  const [left, right] = fromX < toX ? [fromX, toX] : [toX, fromX];
  const first = Math.max(0, Math.floor((seen.x - left) / (drawn + free)));
  const end = Math.min(right, seen.x + seen.width);
  for (let x = left + first * (drawn + free); x < end; x += drawn + free) {
    context.moveTo(x, y);
    context.lineTo(Math.min(x + drawn, right), y);
  }
}

/** A piece stays between its ends and its controls. */
function isPieceSeen(curve: Float64Array, at: number, { x, y, width, height }: Box): boolean {
  const [x0, x1, x2, x3] = [curve[at]!, curve[at + 2]!, curve[at + 4]!, curve[at + 6]!];
  const [y0, y1, y2, y3] = [curve[at + 1]!, curve[at + 3]!, curve[at + 5]!, curve[at + 7]!];
  return (
    Math.max(x0, x1, x2, x3) >= x &&
    Math.min(x0, x1, x2, x3) <= x + width &&
    Math.max(y0, y1, y2, y3) >= y &&
    Math.min(y0, y1, y2, y3) <= y + height
  );
}
