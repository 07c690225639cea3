import { CurveWriter } from './graph-curves.ts';
import type { Band, Frame } from './graph-frames.ts';
import { COLUMN_GAP, NODE_HEIGHT, ROW_GAP, ROW_PITCH } from './graph-sizes.ts';

/** A node or a box, where edges begin and end. */
export interface Port {
  /** Index of its frame. */
  readonly at: number;
  readonly column: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly middle: number;
  /** Whether it is in the last column of its frame. */
  readonly isLast: boolean;
}

/** Edges over more frames go above the band; where there are many edges, over fewer: so often frames are passed in all, at most. */
const MAX_PASSED = 24;
const MAX_PASSED_IN_ALL = 100_000;
/** How far from a frame an edge passes it, how far apart edges are there, and after how many they are drawn over each other. */
const CLEARANCE = 12;
const LANE = 5;
const MAX_LANES = 10;
/** Of edges in a gap between rows. */
const SHIFTS = [0, -4, 4];
/** How far edges reach out where they turn. */
const TURN = 16;
/** Where edges from other bands come in, left of the first frame. */
const INTO_BAND = -24;
/** Where their labels are. */
const BAND_LABEL = 80;
const LOOP = 22;

/** Draws edges so that they pass between nodes, not over them. */
export class Router {
  readonly curves: CurveWriter = new CurveWriter();
  readonly #frames: readonly Frame[];
  readonly #bands: readonly Band[];
  /** How many edges went each way so far, by its name. */
  readonly #used = new Map<number, number>();
  readonly #maxPassed: number;

  /** @param edges how many there are */
  constructor(frames: readonly Frame[], bands: readonly Band[], edges: number) {
    this.#frames = frames;
    this.#bands = bands;
    this.#maxPassed = Math.min(MAX_PASSED, MAX_PASSED_IN_ALL / edges);
  }

  route(from: Port, to: Port): void {
    if (from.at === to.at) this.#within(from, to);
    else if (from.at > to.at) this.#back(from, to);
    else this.#forward(from, to);
  }

  #within(from: Port, to: Port): void {
    const { curves } = this;
    if (from === to) {
      curves.start(from.right, from.middle - NODE_HEIGHT / 4);
      curves.turn(to.right, to.middle + NODE_HEIGHT / 4, LOOP);
    } else if (from.column === to.column) {
      curves.start(from.right, from.middle);
      curves.turn(to.right, to.middle, LOOP);
    } else if (from.column < to.column) {
      curves.start(from.right, from.middle);
      if (from.column + 1 < to.column) this.#leave(from, to.middle, to.left - COLUMN_GAP);
      curves.flow(to.left, to.middle);
    } else {
      curves.start(from.left, from.middle);
      curves.flow(to.right, to.middle);
    }
  }

  #forward(from: Port, to: Port): void {
    const { curves } = this;
    const [start, end] = [this.#frames[from.at]!.band, this.#frames[to.at]!.band];
    curves.start(from.right, from.middle);
    if (!from.isLast) this.#leave(from, to.middle, this.#frames[from.at]!.right);
    if (start === end) {
      this.#pass(from.at + 1, to.at - 1, from.middle, to.middle);
    } else {
      // Right of all that it goes down past.
      const right = Math.max(...this.#bands.slice(start, end).map(({ right }) => right));
      this.#pass(from.at + 1, this.#bands[start]!.last, from.middle, from.middle);
      const lane = this.#lane(end, Way.between);
      const y = this.#bands[end]!.top - CLEARANCE - lane;
      curves.flow(right, curves.y);
      curves.turn(right, y, TURN + lane);
      curves.flow(INTO_BAND, y);
      curves.keepLabel(BAND_LABEL, y);
      curves.turn(INTO_BAND, to.middle, -TURN - lane);
      this.#pass(this.#bands[end]!.first, to.at - 1, to.middle, to.middle);
    }
    this.#enter(from, to);
  }

  /** Below the band; to another one along its left side. */
  #back(from: Port, to: Port): void {
    const { curves } = this;
    const [start, end] = [this.#frames[from.at]!.band, this.#frames[to.at]!.band];
    const lane = this.#lane(start, Way.back);
    const y = this.#bands[start]!.bottom + CLEARANCE + lane;
    curves.start(from.right, from.middle);
    curves.turn(from.right, y, TURN);
    if (start === end) {
      curves.flow(to.left, y);
      curves.keepLabel();
      curves.turn(to.left, to.middle, -TURN);
    } else {
      curves.flow(INTO_BAND, y);
      curves.keepLabel(BAND_LABEL, y);
      curves.turn(INTO_BAND, this.#bands[end]!.bottom + CLEARANCE + lane, -TURN - lane);
      curves.flow(Math.max(0, to.left - 2 * TURN), curves.y);
      curves.flow(to.left, to.middle);
    }
  }

  /** Past frames of a band, from one height to another. */
  #pass(first: number, last: number, fromY: number, toY: number): void {
    const { curves } = this;
    if (last - first >= this.#maxPassed) {
      const { band } = this.#frames[first]!;
      const y = this.#bands[band]!.top - CLEARANCE - this.#lane(band, Way.above);
      curves.flow(this.#frames[first]!.left, y);
      curves.flow(this.#frames[last]!.right, y);
      return;
    }
    for (let at = first; at <= last; at += 1) {
      const part = (at - first + 1) / (last - first + 2);
      const y = this.#passing(at, fromY + part * (toY - fromY));
      curves.flow(this.#frames[at]!.left, y);
      curves.flow(this.#frames[at]!.right, y);
    }
  }

  /** Out of a column that others follow, between rows. */
  #leave(from: Port, towards: number, x: number): void {
    const y = this.#between(from.at, from.middle, towards);
    this.curves.flow(from.right + COLUMN_GAP, y);
    this.curves.flow(x, y);
  }

  /** Into a node; between rows to one that others precede. */
  #enter(from: Port, to: Port): void {
    if (to.column > 0) {
      const y = this.#between(to.at, to.middle, from.middle);
      this.curves.flow(this.#frames[to.at]!.left, y);
      this.curves.keepLabel();
      this.curves.flow(to.left - COLUMN_GAP, y);
    }
    this.curves.flow(to.left, to.middle);
  }

  /** The gap between rows that is above or below a node. */
  #between(at: number, middle: number, towards: number): number {
    const y = middle + ((towards < middle ? -1 : 1) * ROW_PITCH) / 2;
    return y + this.#shift(at, y);
  }

  /** Where an edge that wants to be at `y` passes a frame: between two rows, or around it. */
  #passing(at: number, y: number): number {
    const { top, bottom, nodesTop, rows } = this.#frames[at]!;
    if (y < top - CLEARANCE || y > bottom + CLEARANCE) return y;
    const gap = Math.max(1, Math.min(rows - 1, Math.round((y - nodesTop + ROW_GAP / 2) / ROW_PITCH)));
    const inside = rows < 2 ? Infinity : nodesTop + gap * ROW_PITCH - ROW_GAP / 2;
    const isAbove = y - top < bottom - y;
    const outside = isAbove ? y - top : bottom - y;
    if (Math.abs(inside - y) <= outside + CLEARANCE) return inside + this.#shift(at, inside);
    const lane = this.#lane(at, isAbove ? Way.over : Way.under);
    return isAbove ? top - CLEARANCE - lane : bottom + CLEARANCE + lane;
  }

  #shift(at: number, y: number): number {
    const gap = Math.round((y - this.#frames[at]!.nodesTop + ROW_GAP / 2) / ROW_PITCH);
    return SHIFTS[this.#count(at, FIRST_GAP + gap) % SHIFTS.length]!;
  }

  #lane(at: number, way: number): number {
    return (this.#count(at, way) % MAX_LANES) * LANE;
  }

  #count(at: number, way: number): number {
    const name = at * 1e6 + way;
    const used = this.#used.get(name) ?? 0;
    this.#used.set(name, used + 1);
    return used;
  }
}

/** Ways that several edges may take: of a frame, or of a band; gaps between rows come after them. */
const Way = { over: 0, under: 1, above: 2, between: 3, back: 4 } as const;
const FIRST_GAP = 10;
