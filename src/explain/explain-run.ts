import { Analysis } from './analysis.ts';
import { type DataFlow, readDataFlow } from './data-flow.ts';
import { type Difference, findDifferences } from './differences.ts';
import { ran, type RunFacts, type StepFacts } from './facts.ts';
import { factsOfRun } from './facts-of-run.ts';
import { type Finding, findFindings } from './findings.ts';
import type { Parallelism } from './parallelism.ts';
import type { Run } from './read/run.ts';
import { nameOf, type StepName } from './step-name.ts';
import { giveVerdict } from './verdict.ts';
import { replayWithWidth } from './what-if.ts';
import type { Outcome, WaitReason } from '../semconv.ts';

/** What a run's trace says of how it went and why. Times in milliseconds, with fractions. */
export interface Explanation {
  /** One or two sentences, at most 300 characters. */
  readonly verdict: string;
  readonly durationMs: number;
  /** How many tools the plan has, and of how many something is known. */
  readonly completeness: { readonly planned: number; readonly seen: number };
  /** Where the run was not what its plan says. */
  readonly differences: readonly Difference[];
  /** What is wrong, then what took time. */
  readonly findings: readonly FindingMs[];
  /**
   * The longest chain of steps that need each other, by what each took. Undefined where it is not known: without a plan, before the run has
   * ended, when spans were lost or another process has some of the tools, and where a step went on after the run.
   */
  readonly criticalPath: { readonly steps: readonly StepName[]; readonly ms: number } | undefined;
  /** Every step that ran or was skipped, by start. */
  readonly steps: readonly ExplainedStep[];
  /** Steps by how much the whole run would shorten if they took half as long; at most ten, none that would change nothing. */
  readonly bottlenecks: readonly (StepName & { readonly durationMs: number; readonly savesMs: number })[];
  readonly parallelism: ParallelismMs & { readonly idleMs: number };
  readonly groups: readonly (ParallelismMs & { readonly groupIndex: number; readonly declared: number })[];
  /** What steps waited for groups before their own without needing them, added up, and what the run lost by it. */
  readonly barrier: { readonly waitedMs: number; readonly costMs: number };
  readonly whatIf: WhatIf;
  readonly dataFlow: DataFlow;
  readonly rootCause: string | undefined;
  /** Planned tools that did not run because they need the root cause. */
  readonly affected: readonly string[];
  /** Planned tools that succeeded, and the others with what became of them. */
  readonly done: readonly string[];
  readonly notDone: readonly { readonly toolId: string; readonly reason: string }[];
}

export interface ExplainedStep extends StepName {
  /** Of the span that tells it; undefined for a skip that has none. */
  readonly spanId: string | undefined;
  readonly outcome: Outcome | undefined;
  readonly startMs: number;
  readonly durationMs: number;
  readonly isCritical: boolean;
  /** How much longer it could have taken before the critical path is longer; undefined where that is not known, and for a step that the plan does not have. */
  readonly slackMs: number | undefined;
  /** The dependency that ended last, and how long that was the only one missing. */
  readonly dependency: (StepName & { readonly ms: number }) | undefined;
  /** From when it had all it needs to its start. */
  readonly waitMs: number;
  readonly waitReason: WaitReason | undefined;
  /** The step whose end let it start, where it waited for a slot or a group. */
  readonly waitedFor: StepName | undefined;
  /** By how much the run would shorten if it took half as long; 0 where that cannot be told. */
  readonly savesMs: number;
}

export interface FindingMs extends Omit<Finding, 'savesNs'> {
  readonly savesMs: number;
}

interface ParallelismMs {
  readonly workMs: number;
  readonly busyMs: number;
  readonly achieved: number;
  readonly peak: number;
}

/** How long the run would have taken under other circumstances, by a replay of the durations that were measured. */
interface WhatIf {
  /** Each step as soon as its dependencies end, as many at once as it takes; undefined where it is not known what steps need. */
  readonly readyMs: number | undefined;
  /** The same with so many steps at once: the width that was seen, half and twice of it. Empty without a plan: what needs what is not known. */
  readonly widths: readonly { readonly width: number; readonly ms: number }[];
  /** Without the failed attempts of each step that was tried again, by what that saves. */
  readonly withoutRetries: readonly (StepName & { readonly savesMs: number })[];
}

/** Reads an explanation from a run that was read back. Pure; never fails, whatever the trace holds. */
export function explainRun(run: Run): Explanation {
  return explainFacts(factsOfRun(run));
}

export function explainFacts(facts: RunFacts): Explanation {
  const analysis = new Analysis(facts);
  const findings = findFindings(analysis);
  const { parallelism, waits, failures, path, criticalPath } = analysis;
  const steps = explainSteps(analysis);
  const groupWaitNs = waits.ns.reduce((sum, ns, step) => (waits.reason[step] === 'group' ? sum + ns : sum), 0);
  return {
    verdict: giveVerdict(analysis),
    durationMs: ms(facts.durationNs),
    completeness: completenessOf(facts),
    differences: findDifferences(analysis),
    findings: findings.map(({ kind, text, toolIds, savesNs }) => ({
      kind,
      text,
      toolIds,
      savesMs: isForetold(kind, analysis) ? ms(savesNs) : 0,
    })),
    criticalPath:
      facts.plan.tools.length === 0 || !analysis.isWhole
        ? undefined
        : { steps: path.map((step) => nameOf(facts.steps[step]!)), ms: ms(criticalPath.length) },
    steps,
    bottlenecks: steps
      .filter(({ savesMs }) => savesMs > 0)
      .toSorted((a, b) => b.savesMs - a.savesMs)
      .slice(0, MAX_BOTTLENECKS)
      .map(({ toolId, iteration, durationMs, savesMs }) => ({ toolId, iteration, durationMs, savesMs })),
    parallelism: { ...inMs(parallelism), idleMs: ms(Math.max(0, facts.durationNs - parallelism.busyNs)) },
    groups: analysis.groups.map(({ groupIndex, declared, parallelism }) => {
      return Object.assign(inMs(parallelism), { groupIndex, declared });
    }),
    barrier: {
      waitedMs: ms(groupWaitNs),
      costMs: groupWaitNs > 0 ? ms(analysis.observed.savedWithout((step) => waits.reason[step] === 'group')) : 0,
    },
    whatIf: whatIf(analysis),
    dataFlow: readDataFlow(facts),
    rootCause: failures.failed[0]?.toolId,
    affected: failures.affected,
    done: failures.done,
    notDone: notDone(analysis),
  };
}

/** Without a plan nobody knows what would have to wait for what; that nothing ran is seen all the same. */
function isForetold(kind: Finding['kind'], { isReplayable, isForeseeable }: Analysis): boolean {
  return kind === 'idle' || kind === 'gap' ? isReplayable : isForeseeable;
}

const MAX_BOTTLENECKS = 10;

function completenessOf({ plan, steps }: RunFacts): Explanation['completeness'] {
  if (!plan.isDeclared) return { planned: 0, seen: 0 };
  return { planned: plan.tools.length, seen: new Set(steps.flatMap(({ tool }) => (tool < 0 ? [] : tool))).size };
}

function explainSteps(analysis: Analysis): ExplainedStep[] {
  const { facts, graph, waits, criticalPath, isWhole } = analysis;
  const onPath = new Set(analysis.path);
  const nameAt = (at: number): StepName | undefined => facts.steps[at] && nameOf(facts.steps[at]);
  return Array.from(graph.byStart, (at) => {
    const step = facts.steps[at]!;
    const dependency = nameAt(waits.dependency[at]!);
    return {
      toolId: step.toolId,
      iteration: step.iteration,
      spanId: step.span?.spanId,
      outcome: step.outcome,
      startMs: ms(step.startNs),
      durationMs: ms(graph.duration[at]!),
      isCritical: onPath.has(at),
      slackMs: step.tool < 0 || !isWhole ? undefined : ms(criticalPath.slack[at]!),
      dependency: dependency && { ...dependency, ms: ms(waits.dependencyNs[at]!) },
      waitMs: ms(waits.ns[at]!),
      waitReason: waits.reason[at],
      waitedFor: nameAt(waits.releasedBy[at]!),
      savesMs: ran(step) ? ms(analysis.savedByHalf(at)) : 0,
    };
  });
}

function whatIf(analysis: Analysis): WhatIf {
  const { facts, graph, criticalPath, observed, isForeseeable } = analysis;
  const { peak } = analysis.parallelism;
  const widths = peak < 1 || !isForeseeable ? [] : [...new Set([Math.ceil(peak / 2), peak, peak * 2])];
  return {
    readyMs: analysis.isWhole && facts.plan.tools.length > 0 ? ms(criticalPath.length) : undefined,
    widths: widths.map((width) => ({ width, ms: ms(replayWithWidth(graph.needs, graph.duration, width)) })),
    withoutRetries: facts.steps
      .flatMap((step, at) => {
        const { toolId, iteration, attempts, retryNs } = step;
        return attempts > 1
          ? { toolId, iteration, savesMs: isForeseeable ? ms(observed.savedBy(at, retryNs)) : 0 }
          : [];
      })
      .toSorted((a, b) => b.savesMs - a.savesMs),
  };
}

function notDone({ facts, failures }: Analysis): Explanation['notDone'] {
  if (failures.done.length === facts.plan.tools.length) return [];
  const done = new Set(failures.done);
  const last = new Map(facts.steps.map((step) => [step.toolId, step]));
  return facts.plan.tools
    .filter(({ toolId }) => !done.has(toolId))
    .map(({ toolId }) => ({
      toolId,
      reason: reasonOf(last.get(toolId), facts.hasEnded && !facts.lost.has(toolId)),
    }));
}

/** @param isIdle whether it is known that a tool without a step did not start */
function reasonOf(step: StepFacts | undefined, isIdle: boolean): string {
  if (!step) return isIdle ? 'not started' : 'no span arrived';
  if (step.outcome === 'skip') return `skipped: ${step.skipReason || 'no reason given'}`;
  return step.error ? `${step.outcome ?? 'failure'}: ${step.error}` : (step.outcome ?? 'no outcome');
}

function inMs({ workNs, busyNs, achieved, peak }: Parallelism): ParallelismMs {
  return { workMs: ms(workNs), busyMs: ms(busyNs), achieved, peak };
}

function ms(ns: number): number {
  return ns / 1e6;
}
