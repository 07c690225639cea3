/**
 * One coordinate of a point of a cubic Bézier piece.
 *
 * @param at where that coordinate of its start is, in a list of `x, y`
 * @param t from 0 at the start to 1 at the end
 */
export function pointOn(curve: Float64Array, at: number, t: number): number {
  const s = 1 - t;
  const [a, b, c, d] = [curve[at]!, curve[at + 2]!, curve[at + 4]!, curve[at + 6]!];
  return s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d;
}
