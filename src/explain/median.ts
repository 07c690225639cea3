/**
 * The value in the middle; of an even number of values, that between the two in the middle.
 *
 * @param sorted one value at least, the least first
 */
export function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
