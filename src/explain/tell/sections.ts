import type { DifferenceKind } from '../differences.ts';
import { type Explanation, explainRun } from '../explain-run.ts';
import { isFault } from '../findings.ts';
import { formatDuration } from '../format.ts';
import type { Run, Step } from '../read/run.ts';
import { isMaterial } from './is-material.ts';
import { namePath, nameStep } from './name-step.ts';
import { tellSaving } from './tell-saving.ts';
import { stepsOf } from '../read/steps-of.ts';

/** A part of a report: a heading, and sentences or clauses that are not escaped yet. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
  /** Whether it says what to do something about; the others say how the run went. */
  readonly isFinding: boolean;
}

/** Most lines of a section; the rest is counted. */
const MAX_LINES = 20;
/** Ways in which a run differs from its plan that are told together, by how they are told. The others have a line each. */
const TOLD_TOGETHER: Readonly<Partial<Record<DifferenceKind, (count: number, names: string) => string>>> = {
  not_started: (count, names) => `${count} not started: ${names}`,
  no_span: (_, names) => `no span of ${names} arrived`,
  skipped: (count, names) => `${count} skipped: ${names}`,
  extra: (count, names) => `${count} not in the plan: ${names}`,
};

/** What an explanation says in words beside its verdict, each part only when it has something to say. */
export function sectionsOf(run: Run, explanation: Explanation): Section[] {
  const { verdict, findings } = explanation;
  const faults = findings.filter((finding) => isFault(finding) && !verdict.includes(finding.text));
  const slow = findings.filter((finding) => !isFault(finding));
  const sections = [
    { title: 'what is wrong', lines: faults.map(({ text }) => text) },
    {
      title: 'what took time',
      lines: slow.map((finding) => [finding.text, tellSaving(finding, explanation)].filter(Boolean).join('; ')),
    },
    { title: 'planned and actual', lines: differencesOf(explanation, run.outcome !== undefined) },
    { title: 'parallelism', lines: parallelismOf(explanation) },
    { title: 'what if', lines: whatIfOf(explanation) },
    { title: 'data flow', lines: dataFaultsOf(explanation) },
    { title: 'done and not done', lines: progressOf(explanation) },
    {
      title: 'runs inside',
      // Only what is shown is worth explaining.
      lines: innerRuns(run).map((inner, index) => (index < MAX_LINES ? verdictOn(inner) : '')),
    },
  ];
  return sections.flatMap(({ title, lines }, index) => {
    const more = lines.length - MAX_LINES;
    const shown = more > 0 ? [...lines.slice(0, MAX_LINES), `and ${more} more`] : lines;
    return lines.length === 0 ? [] : { title, lines: shown, isFinding: index < 2 };
  });
}

/** E.g. `fetch > rank > write, 40 s of 42 s`; undefined for a path of one step, which says nothing. */
export function criticalPathOf({ criticalPath, durationMs }: Explanation): string | undefined {
  const steps = criticalPath?.steps ?? [];
  if (!criticalPath || steps.length < 2) return undefined;
  return `${namePath(steps)}, ${formatDuration(criticalPath.ms)} of ${formatDuration(durationMs)}`;
}

/** Whether a finding tells of the attempts, or the time, of a tool already. */
function isFound({ findings }: Explanation, kind: 'retries' | 'bottleneck', toolId: string | undefined): boolean {
  return findings.some((finding) => finding.kind === kind && finding.toolIds[0] === toolId);
}

function differencesOf(explanation: Explanation, hasEnded: boolean): string[] {
  const differences = explanation.differences.filter(
    ({ kind, toolId }) => kind !== 'retried' || !isFound(explanation, 'retries', toolId),
  );
  const together = Object.entries(TOLD_TOGETHER).flatMap(([kind, tell]) => {
    const names = differences.flatMap((difference) => (difference.kind === kind ? (difference.toolId ?? []) : []));
    if (names.length === 0) return [];
    if (kind === 'not_started' && !hasEnded) return `${names.length} without a span so far: ${listOf(names)}`;
    return tell(names.length, listOf(names));
  });
  return [...together, ...differences.filter(({ kind }) => !TOLD_TOGETHER[kind]).map(({ text }) => text)];
}

function parallelismOf({ parallelism, groups, barrier, durationMs }: Explanation): string[] {
  // A peak of 0 was too short to be told.
  const wide = groups.filter(({ declared, peak }) => (declared > 1 && peak > 0) || peak > 1);
  if (wide.length === 0 && parallelism.peak < 2) return [];
  const { achieved, peak, idleMs } = parallelism;
  return [
    ...(wide.length === 1 ? [] : [`${achieved.toFixed(1)} steps at once on average while any ran, at most ${peak}`]),
    ...wide.map(
      (group) =>
        `group ${group.groupIndex}: at most ${group.peak} of ${group.declared} at once, ${group.achieved.toFixed(1)} on average`,
    ),
    ...(isMaterial(idleMs, durationMs)
      ? [`no step ran for ${formatDuration(idleMs)} of ${formatDuration(durationMs)}`]
      : []),
    ...(isMaterial(barrier.waitedMs, durationMs)
      ? [
          `steps waited ${formatDuration(barrier.waitedMs)} in total for groups that they do not need, which cost the run ${formatDuration(barrier.costMs)}`,
        ]
      : []),
  ];
}

function whatIfOf(explanation: Explanation): string[] {
  const { whatIf, bottlenecks, parallelism, durationMs } = explanation;
  const { readyMs, widths, withoutRetries } = whatIf;
  const lines: string[] = [];
  if (readyMs !== undefined && isMaterial(durationMs - readyMs, durationMs))
    lines.push(`with each step started as soon as what it needs has ended: ${formatDuration(readyMs)}`);
  const seen = widths.find(({ width }) => width === parallelism.peak);
  for (const { width, ms } of widths)
    if (seen && width > seen.width && isMaterial(seen.ms - ms, durationMs))
      lines.push(`with ${width} steps at once instead of ${seen.width}: about ${formatDuration(seen.ms - ms)} less`);
  for (const { savesMs, ...step } of withoutRetries)
    if (isMaterial(savesMs, durationMs) && !isFound(explanation, 'retries', step.toolId))
      lines.push(`with ${nameStep(step)} successful at the first attempt: about ${formatDuration(savesMs)} less`);
  for (const { savesMs, ...step } of bottlenecks.slice(0, 3))
    if (isMaterial(savesMs, durationMs) && !isFound(explanation, 'bottleneck', step.toolId))
      lines.push(`with ${nameStep(step)} twice as fast: about ${formatDuration(savesMs)} less`);
  return lines;
}

function dataFaultsOf({ dataFlow: { unresolved, implicit } }: Explanation): string[] {
  return [
    // A single one is the finding; passes of a tool may all have got nothing.
    ...new Set(
      (unresolved.length < 2 ? [] : unresolved).map(
        ({ toolId, field, ref }) => `${toolId}.${field} got nothing: ${ref} found nothing`,
      ),
    ),
    ...implicit.map(({ toolId, dependency }) => `${toolId} reads ${dependency} without depending on it`),
  ];
}

function progressOf({ done, notDone }: Explanation): string[] {
  if (notDone.length === 0) return [];
  const lines = [`not done (${notDone.length}): ${listOf(notDone.map(({ toolId }) => toolId))}`];
  return done.length === 0 ? lines : [`done (${done.length}): ${listOf(done)}`, ...lines];
}

/** All names, for they are to be copied, but no more than can be read. */
function listOf(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES);
  const more = names.length - shown.length;
  return `${shown.map((name) => name || '(no name)').join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const MAX_NAMES = 50;

function verdictOn(run: Run): string {
  return `${run.planName ?? 'unnamed run'}: ${explainRun(run).verdict}`;
}

/** Runs that steps started, and those that their steps started. */
function innerRuns(run: Run): Run[] {
  const found: Run[] = [];
  const open: Step[] = stepsOf(run).toReversed();
  for (let step = open.pop(); step; step = open.pop()) {
    // Not by spreading: a step may have more of them than a call may have arguments.
    for (const inner of step.runs) found.push(inner);
    for (const next of [...step.steps, ...step.runs.flatMap(stepsOf)].toReversed()) open.push(next);
  }
  return found;
}
