import type { Analysis } from './analysis.ts';
import { findFaults } from './faults.ts';
import { findLosses } from './losses.ts';

/** Something is wrong, whatever time it took. */
export type FaultKind =
  | 'broken_plan'
  | 'lost_spans'
  | 'plan_not_followed'
  | 'early_start'
  | 'outlived'
  | 'unresolved_mapping';

type FindingKind =
  | FaultKind
  /** Time was spent that could be saved. */
  | 'retries'
  | 'barrier'
  | 'slots'
  | 'serialised'
  | 'independent'
  | 'bottleneck'
  | 'gap'
  | 'idle';

/** One thing worth knowing about a run. */
export interface Finding {
  readonly kind: FindingKind;
  /** A clause that can stand in a sentence. */
  readonly text: string;
  /** By how much the run had been shorter without it, in nanoseconds, as far as a replay tells; 0 for what is no matter of time. */
  readonly savesNs: number;
  /** The tools that it is about, the most important first. */
  readonly toolIds: readonly string[];
}

/** Whether a finding says that something is wrong, whatever time it took. */
export function isFault({ kind }: Pick<Finding, 'kind'>): boolean {
  return FAULTS.includes(kind);
}

const FAULTS: readonly FindingKind[] = [
  'broken_plan',
  'lost_spans',
  'plan_not_followed',
  'early_start',
  'outlived',
  'unresolved_mapping',
] satisfies readonly FaultKind[];

/** Everything that is wrong with a run, then everything that took time, by how much of the whole run it took. */
export function findFindings(analysis: Analysis): Finding[] {
  return [...findFaults(analysis), ...findLosses(analysis)];
}

/** What is wrong with a run, and the one thing that took most time: as {@link findFindings}, without computing what comes after that. */
export function findMainFindings(analysis: Analysis): Finding[] {
  return [...findFaults(analysis), ...findLosses(analysis, 'the largest')];
}
