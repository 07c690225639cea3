import type { Palette } from './palette.ts';
import type { TimeScale, TimeSpan } from './time-scale.ts';
import type { Bar, SegmentKind } from './timeline-bars.ts';
import type { Label } from './timeline-words.ts';

/** A bar in pixels from the left edge of the plot, without what is not in it. */
export interface PlacedBar {
  readonly segments: readonly PlacedSegment[];
  readonly point?: { readonly kind: 'skip' | 'absent'; readonly x: number; readonly color: keyof Palette };
  readonly usualX?: number;
  readonly critical?: PlacedSpan;
  readonly label?: PlacedLabel;
}

interface PlacedSpan {
  readonly x: number;
  readonly width: number;
}

export interface PlacedSegment extends PlacedSpan {
  readonly kind: SegmentKind;
  readonly color: keyof Palette;
  readonly isOpen: boolean;
  readonly id?: string;
}

/**
 * Where the label of a bar stands: `right` of it, else `left`, else `inside`; at an edge of the plot where the bar is beyond it. `x` is where
 * the text starts, for `left`, `inside` and `beyond-right` where it ends. Without its note where nothing of that could be read.
 */
export interface PlacedLabel extends Label {
  readonly side: 'right' | 'left' | 'inside' | 'beyond-left' | 'beyond-right';
  readonly x: number;
  /** Pixels that it may take. */
  readonly room: number;
}

/** How far a bar goes on beyond the edges of the plot, where nobody sees its ends. */
const BEYOND = 24;
const MIN_WIDTH = 2;
const MIN_CRITICAL_WIDTH = 5;
const LABEL_GAP = 6;
/** Half of a point. */
const POINT_WIDTH = 5;
const CHARACTER_WIDTH = 7;
/** What must be there for a note to be worth its place. */
const NOTE_WIDTH = 60;

/** @param width of the plot, in pixels */
export function placeBar(bar: Bar, label: Label | undefined, scale: TimeScale, width: number): PlacedBar {
  const { point, usualEndMs, critical } = bar;
  const segments: PlacedSegment[] = [];
  for (const segment of bar.segments) {
    const placed = placeSpan(segment, scale, width, segment.kind === 'wait' ? 0.5 : MIN_WIDTH);
    const one = placed && { ...segment, ...placed };
    if (one && !isHidden(one, segments.at(-1))) segments.push(one);
  }
  const isSeen = (x: number): boolean => x > -POINT_WIDTH && x < width + POINT_WIDTH;
  const pointX = point && scale.x(point.ms);
  const usualX = usualEndMs === undefined ? undefined : scale.x(usualEndMs);
  const line = critical && placeSpan(critical, scale, width, MIN_CRITICAL_WIDTH);
  return {
    segments,
    ...(point &&
      pointX !== undefined &&
      isSeen(pointX) && { point: { kind: point.kind, x: pointX, color: point.color } }),
    ...(usualX !== undefined && isSeen(usualX) && { usualX }),
    ...(line && { critical: line }),
    ...(label && { label: placeLabel(bar, label, scale, width) }),
  };
}

/** Whether it looks the same as the one before, and is less than a pixel away: a step may be tried many thousand times. */
function isHidden(one: PlacedSegment, before: PlacedSegment | undefined): boolean {
  return (
    before?.kind === one.kind &&
    before.color === one.color &&
    before.isOpen === one.isOpen &&
    Math.abs(before.x - one.x) < 1 &&
    Math.abs(before.width - one.width) < 1
  );
}

function placeSpan(span: TimeSpan, scale: TimeScale, width: number, least: number): PlacedSpan | undefined {
  const [start, end] = [scale.x(span.fromMs), scale.x(span.toMs)];
  const x = Math.max(-BEYOND, start);
  const right = Math.min(width + BEYOND, Math.max(end, start + least));
  return right <= -MIN_WIDTH || x >= width ? undefined : { x, width: right - x };
}

function placeLabel(bar: Bar, label: Label, scale: TimeScale, width: number): PlacedLabel {
  const { extent, point, usualEndMs = -Infinity } = bar;
  const half = point ? POINT_WIDTH : 0;
  const [start, end] = [
    scale.x(extent.fromMs) - half,
    Math.max(scale.x(extent.toMs), scale.x(extent.fromMs) + MIN_WIDTH) + half,
  ];
  if (end < 0) return { ...label, side: 'beyond-left', x: LABEL_GAP, room: width - LABEL_GAP };
  if (start > width) return { ...label, side: 'beyond-right', x: width - LABEL_GAP, room: width - LABEL_GAP };
  const { note, ...bare } = label;
  const textWidth = label.text.length * CHARACTER_WIDTH;
  const noteWidth = note === undefined ? 0 : LABEL_GAP + note.length * CHARACTER_WIDTH;
  const usualX = scale.x(usualEndMs);
  // What would strike the text out is passed.
  const from = usualX > end && usualX < end + 2 * LABEL_GAP + textWidth ? usualX : end;
  const to = Math.min(end, width) - LABEL_GAP;
  const places = {
    right: { x: from + LABEL_GAP, room: width - from - LABEL_GAP },
    left: { x: start - LABEL_GAP, room: start - 2 * LABEL_GAP },
    inside: { x: to, room: to - Math.max(0, start) },
  };
  const { right, left } = places;
  const fits = (side: keyof typeof places, needs: number): boolean => places[side].room >= needs;
  const all = textWidth + noteWidth;
  // Nothing is hidden by what stands in a thin bar.
  const whole = SIDES.find((side) => fits(side, all) && (side !== 'inside' || bar.segments[0]?.kind === 'group'));
  if (whole) return { ...label, side: whole, ...places[whole] };
  const larger = right.room >= left.room ? 'right' : 'left';
  if (fits(larger, textWidth + NOTE_WIDTH)) return { ...label, side: larger, ...places[larger] };
  const side = SIDES.find((side) => fits(side, textWidth)) ?? 'inside';
  return { ...bare, side, ...places[side] };
}

const SIDES = ['right', 'left', 'inside'] as const;
