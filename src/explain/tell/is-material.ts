/** Shares of a run below this are not worth a line. */
const MATERIAL_SHARE = 0.05;
const MATERIAL_MS = 1;

/** Whether a part of a run, or what it would have been shorter by, is worth a line in a report. */
export function isMaterial(ms: number, ofMs: number): boolean {
  return ms >= Math.max(MATERIAL_MS, ofMs * MATERIAL_SHARE);
}
