/** When a run started, e.g. `2026-11-23 00:00:00`, in UTC. */
export function formatStart(startNs: bigint): string {
  return new Date(Number(startNs / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' ');
}
