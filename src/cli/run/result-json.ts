import { explainRun } from '../../explain/explain-run.ts';
import type { RunResult } from '../../run/types.ts';
import { runToJson } from '../run-json.ts';
import type { TracedRun } from '../trace-run.ts';

/** What came of a run that was made here, and the run as it was read back, for `--json`. */
export function resultToJson({ result, run }: Pick<TracedRun, 'result' | 'run'>): object {
  const output = valueToJson(result.finalOutput);
  return {
    verdict: run ? explainRun(run).verdict : null,
    success: result.success,
    outcome: outcomeOf(result),
    failed_steps: result.failedSteps,
    skipped_steps: result.skippedSteps,
    final_output: output === undefined ? undefined : (JSON.parse(output) as unknown),
    run: run ? runToJson(run) : null,
  };
}

export function outcomeOf({ success, failedSteps }: RunResult): string {
  return success ? 'success' : failedSteps.length > 0 ? 'failure' : 'cancellation';
}

/** As JSON in one line; undefined for what has none. Integers beyond 2^53 become texts. */
export function valueToJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
  } catch {
    return undefined; // a cycle, say
  }
}
