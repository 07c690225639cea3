import type { Block } from './graph-blocks.ts';
import * as sizes from './graph-sizes.ts';

/** Where a block stands. One outside any group has a frame that is not drawn. */
export interface Frame {
  /** Index of its band. */
  readonly band: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly middle: number;
  /** Left edge of the first column, and top of the first row. */
  readonly nodesLeft: number;
  readonly nodesTop: number;
  readonly rows: number;
  readonly isBox: boolean;
}

/** Frames beside each other. A long graph has several bands below each other, as text has lines. */
export interface Band {
  /** Indexes of frames. */
  readonly first: number;
  readonly last: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Between bands: room for the edges from one to the next. */
const BAND_GAP = 84;
/** A graph is broken into bands where it is wider than what a window shows that can be read, and wider than it is high by more than that. */
const MAX_WIDTH = 1000;
const MAX_ASPECT = 4;
/** How much wider than high a broken graph becomes, about. */
const ASPECT = 2;

/** Places blocks beside each other; the first band is centred at 0. */
export function placeBlocks(blocks: readonly Block[]): { readonly frames: Frame[]; readonly bands: Band[] } {
  const shapes = blocks.map(shapeOf);
  const widest = bandWidthFor(shapes);
  const frames: Frame[] = [];
  const bands: Band[] = [];
  let next = 0;
  while (next < shapes.length) {
    const first = next;
    let right = 0;
    let [top, bottom] = [0, 0];
    for (; next < shapes.length; next += 1) {
      const { width, above, below } = shapes[next]!;
      if (next > first && right + width > widest) break;
      right += width + sizes.GROUP_GAP;
      [top, bottom] = [Math.max(top, above), Math.max(bottom, below)];
    }
    const middle = bands.length === 0 ? 0 : bands.at(-1)!.bottom + BAND_GAP + top;
    let left = 0;
    for (let at = first; at < next; at += 1) {
      frames.push(frameOf(blocks[at]!, shapes[at]!, bands.length, left, middle));
      left += shapes[at]!.width + sizes.GROUP_GAP;
    }
    bands.push({ first, last: next - 1, right: right - sizes.GROUP_GAP, top: middle - top, bottom: middle + bottom });
  }
  return { frames, bands };
}

/** Size of a block: its width, and how far it goes above and below the middle of its nodes. */
interface Shape {
  readonly width: number;
  readonly above: number;
  readonly below: number;
}

function shapeOf({ group, isBox, columns, rows }: Block): Shape {
  if (isBox) return { width: sizes.BOX_WIDTH, above: sizes.BOX_HEIGHT / 2, below: sizes.BOX_HEIGHT / 2 };
  const padding = group < 0 ? 0 : sizes.PADDING;
  const half = nodesHeight(rows) / 2;
  return {
    width: columns * sizes.COLUMN_PITCH - sizes.COLUMN_GAP + 2 * padding,
    above: half + (group < 0 ? 0 : sizes.TITLE_HEIGHT),
    below: half + padding,
  };
}

function frameOf({ group, isBox, rows }: Block, shape: Shape, band: number, left: number, middle: number): Frame {
  return {
    band,
    left,
    right: left + shape.width,
    top: middle - shape.above,
    bottom: middle + shape.below,
    middle,
    nodesLeft: left + (group < 0 || isBox ? 0 : sizes.PADDING),
    nodesTop: middle - nodesHeight(rows) / 2,
    rows: isBox ? 0 : rows,
    isBox,
  };
}

function nodesHeight(rows: number): number {
  return Math.max(1, rows) * sizes.ROW_PITCH - sizes.ROW_GAP;
}

/** How wide bands may become; infinite where one is enough. */
function bandWidthFor(shapes: readonly Shape[]): number {
  const width = shapes.reduce((sum, shape) => sum + shape.width + sizes.GROUP_GAP, -sizes.GROUP_GAP);
  const height = shapes.reduce((highest, { above, below }) => Math.max(highest, above + below), 0);
  if (width <= MAX_WIDTH || width <= MAX_ASPECT * height) return Infinity;
  return Math.max(MAX_WIDTH, Math.sqrt(ASPECT * width * (height + BAND_GAP)));
}
