/** Longer texts are no slips of a name that we have. */
const MAX_LENGTH = 40;

/**
 * The name that was most likely meant: at most two letters off (swapped neighbours count once), or the only one that begins so.
 */
export function nearest(given: string, names: readonly string[]): string | undefined {
  if (given.length > MAX_LENGTH) return undefined;
  const [best] = names
    .map((name) => ({ name, distance: distanceOf(given, name) }))
    .filter(({ name, distance }) => distance <= Math.min(2, name.replace(/^-+/, '').length / 2))
    .toSorted((a, b) => a.distance - b.distance);
  if (best) return best.name;
  const longer = names.filter((name) => given.length > 2 && name.startsWith(given));
  return longer.length === 1 ? longer[0] : undefined;
}

/** How many letters are to be added, dropped, changed or swapped with their neighbour (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
