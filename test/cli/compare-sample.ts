import { encodeTracesLines } from '../../src/inspector/encode-json.ts';
import { madeRunSpans, type MadeTool } from '../explain/made-runs.ts';

const BEFORE: Record<string, MadeTool> = {
  fetch: { ms: [0, 2000] },
  rank: { needs: ['fetch'], ms: [2000, 6000] },
  audit: { needs: ['fetch'], ms: [2000, 3000] },
  write: { needs: ['rank'], ms: [6000, 8000] },
};
const AFTER: Record<string, MadeTool> = {
  ...BEFORE,
  rank: { needs: ['fetch'], ms: [2000, 9900], attempts: 3 },
  write: { needs: ['rank'], ms: [9900, 12_200] },
  publish: { needs: ['write'], ms: [12_200, 12_250] },
};

/** The files that the README compares, by name. */
export const COMPARED_FILES: Readonly<Record<string, string>> = {
  'before.jsonl': linesOf({ ms: 8100, tools: BEFORE }),
  'after.jsonl': linesOf({ ms: 12_300, at: 60_000, tools: AFTER, traceId: '4bf92f3577b34da6a3ce929d0e0e4736' }),
};

function linesOf(made: Parameters<typeof madeRunSpans>[0]): string {
  return [...encodeTracesLines(madeRunSpans(made))].join('');
}
