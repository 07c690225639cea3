/** Curves of edges, and the middles of their labels as `x, y`. */
export interface Curves {
  readonly curves: Float64Array;
  /** Where each begins; one entry more than there are curves. */
  readonly curveStart: Int32Array;
  readonly labels: Float64Array;
}

/** Writes curves: a start, then cubic Bézier pieces of two controls and an end each, all as `x, y`. */
export class CurveWriter {
  readonly #numbers: number[] = [];
  readonly #starts: number[] = [];
  readonly #labels: number[] = [];
  #x = 0;
  #y = 0;
  #isLabelled = false;

  /** Where the curve is. */
  get y(): number {
    return this.#y;
  }

  /** Begins the next curve. */
  start(x: number, y: number): void {
    this.#starts.push(this.#numbers.length);
    this.#numbers.push(x, y);
    this.#labels.push(x, y);
    this.#isLabelled = false;
    this.#x = x;
    this.#y = y;
  }

  /** Goes on to a point, level at both ends. */
  flow(x: number, y: number): void {
    const middle = (this.#x + x) / 2;
    this.piece(middle, this.#y, middle, y, x, y);
  }

  /** Turns round: leaves to the side of `reach` and comes back from there. */
  turn(x: number, y: number, reach: number): void {
    const side = (reach > 0 ? Math.max(this.#x, x) : Math.min(this.#x, x)) + reach;
    this.piece(side, this.#y, side, y, x, y);
  }

  /** Keeps the label of the curve at the middle of its last piece, or where it is said, whatever comes. */
  keepLabel(x?: number, y?: number): void {
    if (x !== undefined && y !== undefined) this.#labels.splice(-2, 2, x, y);
    this.#isLabelled = true;
  }

  piece(ax: number, ay: number, bx: number, by: number, x: number, y: number): void {
    this.#numbers.push(ax, ay, bx, by, x, y);
    if (!this.#isLabelled) {
      this.#labels.splice(-2, 2, (this.#x + 3 * (ax + bx) + x) / 8, (this.#y + 3 * (ay + by) + y) / 8);
    }
    this.#x = x;
    this.#y = y;
  }

  end(): Curves {
    return {
      curves: Float64Array.from(this.#numbers),
      curveStart: Int32Array.from([...this.#starts, this.#numbers.length]),
      labels: Float64Array.from(this.#labels),
    };
  }
}
