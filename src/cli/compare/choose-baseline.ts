import type { Run } from '../../explain/read/run.ts';
import { suggest, usageError } from '../command.ts';
import type { FoundRun, TraceSource } from '../trace-source.ts';

/** What a run is held against: the last of its plan that succeeded, or the middle of so many. */
export interface BaselineChoice {
  readonly kind: 'last-success' | 'median';
  readonly runs: number;
}

/** Runs that a run can be held against. */
export interface EarlierRuns extends Pick<FoundRun, 'runs' | 'notes'> {
  /** Where they were looked for, in words. */
  readonly where: string;
}

const MAX_RUNS = 1_000;

/** @throws {OrchestraceError} code `USAGE_INVALID`: it is neither `last-success` nor `median:N` */
export function parseBaseline(text: string): BaselineChoice {
  if (text === 'last-success') return { kind: 'last-success', runs: 1 };
  const [, digits] = /^median:(\d+)$/.exec(text) ?? [];
  const runs = Number(digits);
  if (runs >= 1 && runs <= MAX_RUNS) return { kind: 'median', runs };
  if (text.startsWith('median'))
    throw usageError(`--baseline ${text}: expected median:N with N from 1 to ${MAX_RUNS}, such as median:20`);
  throw usageError(`--baseline ${text} is unknown${suggest(text, ['last-success', 'median:20'])}`);
}

/**
 * The last runs of the same plan before a run that succeeded, newest first: of its own file where that has more runs of the plan, else of
 * where runs are kept.
 *
 * @param given how the run was asked for
 * @returns `most` at most
 * @throws {OrchestraceError} code `USAGE_INVALID`: the run has no name of a plan
 */
export async function earlierSuccesses(
  source: TraceSource,
  given: string | undefined,
  found: FoundRun,
  most: number,
): Promise<EarlierRuns> {
  const { run, runs, from, notes } = found;
  const { planName } = run;
  if (planName === undefined)
    throw usageError(`the run ${run.traceId} has no name of a plan to look for earlier runs by: name two runs`);
  const isFit = (other: Run): boolean =>
    other.planName === planName && other.outcome === 'success' && other.startNs < run.startNs;
  const isFile = given === '-' || given === from;
  const inFile = isFile ? runs.filter((other) => other !== run && other.planName === planName) : [];
  if (inFile.length > 0) {
    return { runs: inFile.filter(isFit).toReversed().slice(0, most), notes, where: `in ${from}` };
  }
  const earlier: Run[] = [];
  let said: readonly string[] = notes;
  for await (const other of source.recentRuns(planName)) {
    said = other.notes;
    if (isFit(other.run)) earlier.push(other.run);
    if (earlier.length === most) break;
  }
  return { runs: earlier, notes: said, where: 'as far as runs are kept' };
}
