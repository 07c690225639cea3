import type { Analysis } from './analysis.ts';
import { longestChain } from './critical-path.ts';
import { ran } from './facts.ts';
import type { Finding } from './findings.ts';
import { count, formatNs } from './format.ts';
import { connectSteps } from './step-graph.ts';

/** Less than this is not worth a finding, nor is a smaller share of a run. */
const MATERIAL_NS = 5e6;
const MATERIAL_SHARE = 0.05;
/** Nor is what passes while nothing runs, up to this: a process that is new takes that much. */
const COLD_START_NS = 10e6;
/** Nor is what it takes to start and record its steps, whoever does it. */
const OVERHEAD_NS = 50_000;

/** One way to lose time, with the most that it can have cost, which is quickly told. */
interface Loss {
  readonly mostNs: number;
  readonly find: (analysis: Analysis) => Finding | undefined;
}

/**
 * Where time was lost, the largest loss first.
 *
 * @param which default all; `the largest` alone is told without computing those that cannot be larger
 */
export function findLosses(analysis: Analysis, which?: 'the largest'): Finding[] {
  const { durationNs, clockNs, steps } = analysis.facts;
  const least = Math.max(MATERIAL_NS + clockNs, durationNs * MATERIAL_SHARE, steps.length * OVERHEAD_NS);
  // That a step was tried again is worth knowing, however quickly.
  const tried = retries(analysis);
  const found: Finding[] = tried ? [tried] : [];
  for (const { mostNs, find } of durationNs < least ? [] : lossesOf(analysis)) {
    if (mostNs < least) continue;
    if (which && found.some(({ savesNs }) => savesNs >= mostNs)) continue;
    const finding = find(analysis);
    if (finding && finding.savesNs >= least) found.push(finding);
  }
  const inOrder = found.toSorted((a, b) => b.savesNs - a.savesNs);
  return which ? inOrder.slice(0, 1) : inOrder;
}

/** The most that can have been lost in each way, the largest first; of equals, the one that says more comes first. */
function lossesOf(analysis: Analysis): Loss[] {
  const { facts, graph, waits, criticalPath, isReplayable, isForeseeable } = analysis;
  const hasPlan = facts.plan.tools.length > 0;
  let [longestNs, workNs, lastNs] = [0, 0, 0];
  for (let step = 0; step < facts.steps.length; step += 1) {
    if (!ran(facts.steps[step]!)) continue;
    longestNs = Math.max(longestNs, graph.duration[step]!);
    workNs += graph.duration[step]!;
    lastNs = Math.max(lastNs, graph.end[step]!);
  }
  const longestWait = { group: 0, slot: 0, unknown: 0, dependency: 0 };
  for (let step = 0; step < facts.steps.length; step += 1) {
    const reason = waits.reason[step];
    if (reason) longestWait[reason] = Math.max(longestWait[reason], waits.ns[step]!);
  }
  // However steps wait for each other, their critical path takes its time.
  const beyondNs = Math.max(0, lastNs - criticalPath.length);
  const waited = (reason: 'group' | 'slot' | 'unknown'): number => (hasPlan && longestWait[reason] > 0 ? beyondNs : 0);
  const largest: Loss = { mostNs: (isForeseeable ? longestNs : workNs) / 2, find: bottleneck };
  if (!facts.hasEnded) return [];
  // What is not known may have run in between.
  if (!isReplayable) return [largest];
  return [
    { mostNs: waited('group'), find: barrier },
    { mostNs: facts.plan.isSerial ? 0 : Math.max(waited('slot'), waited('unknown')), find: serialised },
    { mostNs: waited('slot'), find: slots },
    { mostNs: facts.plan.isSerial ? criticalPath.length - longestNs : 0, find: independent },
    { mostNs: hasPlan ? afterColdStart(longestWait.unknown) : 0, find: gap },
    { mostNs: afterColdStart(facts.durationNs - lastNs), find: tail },
    { mostNs: hasPlan ? 0 : afterColdStart(facts.durationNs - analysis.parallelism.busyNs), find: idle },
    largest,
  ].toSorted((a, b) => b.mostNs - a.mostNs);
}

function afterColdStart(ns: number): number {
  return ns > COLD_START_NS ? ns : 0;
}

function retries(analysis: Analysis): Finding | undefined {
  const { say, facts } = analysis;
  let best: { step: number; savesNs: number } | undefined;
  for (let step = 0; step < facts.steps.length; step += 1) {
    const { attempts, retryNs } = facts.steps[step]!;
    if (attempts < 2) continue;
    const savesNs = analysis.isReplayable ? analysis.observed.savedBy(step, retryNs) : 0;
    if (!best || savesNs > best.savesNs) best = { step, savesNs };
  }
  if (!best) return undefined;
  const step = facts.steps[best.step]!;
  const reason = say.reason(step.retryError, 60, '');
  const why = reason === '' ? '' : ` (${reason})`;
  const late = step.retryNs > 0 ? `, the last began ${formatNs(step.retryNs)} after the first` : '';
  const text = `${say.step(step)} needed ${step.attempts} attempts${why}${late}`;
  return { kind: 'retries', text, savesNs: best.savesNs, toolIds: [step.toolId] };
}

function barrier({ say, facts: { steps }, waits, observed }: Analysis): Finding | undefined {
  const held = waitingFor('group', waits);
  const [worst] = held;
  if (worst === undefined) return undefined;
  const savesNs = observed.savedWithout((step) => waits.reason[step] === 'group');
  const last = waits.releasedBy[worst]!;
  const name = say.step(steps[worst]!);
  const whole = last < 0 ? 'the groups before it' : `${say.step(steps[last]!)} and the rest of the groups before it`;
  const others = held.length > 1 ? ` (${count(held.length - 1, 'other step')} waited less)` : '';
  const text = `${name} had all it needs, but waited ${formatNs(waits.ns[worst]!)} for ${whole}${others}; without that about ${formatNs(savesNs)} less`;
  return { kind: 'barrier', text, savesNs, toolIds: held.map((step) => steps[step]!.toolId) };
}

/** Steps that waited for a reason, the longest first. */
function waitingFor(reason: 'group' | 'slot', { reason: reasons, ns }: Analysis['waits']): number[] {
  const held: number[] = [];
  for (let step = 0; step < reasons.length; step += 1) if (reasons[step] === reason) held.push(step);
  return held.toSorted((a, b) => ns[b]! - ns[a]!);
}

/** Groups that may run several tools at once and ran them one after another. */
function serialised({ facts: { steps }, graph, groups, observed }: Analysis): Finding | undefined {
  const found = groups.filter(
    ({ declared, steps: members, parallelism }) =>
      // In a loop, tools come several times, and one after another.
      new Set(members.map((step) => steps[step]!.tool)).size === members.length &&
      declared > 1 &&
      parallelism.peak === 1 &&
      parallelism.possiblePeak > 1,
  );
  const [widest] = found.toSorted((a, b) => b.steps.length - a.steps.length);
  if (!widest) return undefined;
  const chosen = new Set(found.flatMap((group) => group.steps));
  // Side by side, the steps of each group take as long as the longest of them; what passed besides is no matter of this.
  const workNs = found.reduce((sum, { parallelism }) => sum + parallelism.workNs, 0);
  const longestNs = found.reduce(
    (sum, group) => sum + group.steps.reduce((most, step) => Math.max(most, graph.duration[step]!), 0),
    0,
  );
  const savesNs = Math.min(
    observed.savedWithout((step) => chosen.has(step)),
    workNs - longestNs,
  );
  const more = found.length > 1 ? ` (and those of ${count(found.length - 1, 'other group')})` : '';
  const text = `the ${widest.steps.length} steps of group ${widest.groupIndex} may run at once, but ran one after another, ${formatNs(widest.parallelism.workNs)}${more}; side by side about ${formatNs(savesNs)} less`;
  const toolIds = [...chosen].map((step) => steps[step]!.toolId);
  return { kind: 'serialised', text, savesNs, toolIds };
}

function slots({ say, facts: { steps }, waits, observed }: Analysis): Finding | undefined {
  const { peak } = waits;
  const held = waitingFor('slot', waits);
  const [worst] = held;
  if (worst === undefined || peak < 2) return undefined;
  const savesNs = observed.savedWithout((step) => waits.reason[step] === 'slot');
  const [name, waited] = [say.step(steps[worst]!), formatNs(waits.ns[worst]!)];
  const others = held.length > 1 ? ` (${count(held.length - 1, 'other step')} waited less)` : '';
  const text = `${name} waited ${waited} for a free slot${others}: never more than ${peak} ran at once; without that limit about ${formatNs(savesNs)} less`;
  return { kind: 'slots', text, savesNs, toolIds: held.map((step) => steps[step]!.toolId) };
}

/** A serial plan whose steps need not wait for each other, as far as it says. */
function independent({ say, facts, graph, criticalPath }: Analysis): Finding | undefined {
  const { plan } = facts;
  const free = connectSteps(facts, { serialOrder: false });
  const savesNs = criticalPath.length - longestChain(() => free.needs, free.order, free.duration);
  const pair = plan.tools.findIndex((_, tool) => tool > 0 && !needsOf(plan, tool).has(tool - 1));
  if (pair < 1 || savesNs <= 0) return undefined;
  const isFree = plan.needs.needs.length === 0;
  const [before, after] = [plan.tools[pair - 1]!.toolId, plan.tools[pair]!.toolId];
  const what = isFree
    ? `any of its ${graph.steps.length} steps needs another`
    : `${say.name(after)} needs ${say.name(before)}`;
  const text = `the plan is serial, but nothing in it says that ${what}; run by its dependencies alone, about ${formatNs(savesNs)} less`;
  return { kind: 'independent', text, savesNs, toolIds: [before, after] };
}

function needsOf({ needs }: Analysis['facts']['plan'], tool: number): Set<number> {
  return new Set(needs.needs.subarray(needs.start[tool], needs.start[tool + 1]));
}

/** The step that took most of the run; where it is not known what waited for what, the tool whose steps did. */
function bottleneck(analysis: Analysis): Finding | undefined {
  return analysis.isForeseeable ? longestStep(analysis) : longestTool(analysis);
}

function longestStep(analysis: Analysis): Finding | undefined {
  const { say, facts, graph, observed } = analysis;
  let best = -1;
  for (const step of observed.path)
    if (counts(step, analysis) && (best < 0 || analysis.savedByHalf(step) > analysis.savedByHalf(best))) best = step;
  if (best < 0) return undefined;
  const { toolId, iteration } = facts.steps[best]!;
  const isFirst = iteration === 1 && facts.steps.some((step) => step.toolId === toolId && step.iteration > 1);
  const text = `${say.step(facts.steps[best]!)} took ${formatNs(graph.duration[best]!)}${isFirst ? ' in its first pass' : ''}`;
  return {
    kind: 'bottleneck',
    text: `${text}${shareOf(graph.duration[best]!, facts)}`,
    savesNs: analysis.savedByHalf(best),
    toolIds: [toolId],
  };
}

/** Counts once what passed while several steps of a tool ran. */
function longestTool(analysis: Analysis): Finding | undefined {
  const { say, facts, graph } = analysis;
  const tools = new Map<string, { toolId: string; passes: number; tookNs: number; untilNs: number }>();
  for (const step of graph.byStart) {
    if (!counts(step, analysis)) continue;
    const { toolId } = facts.steps[step]!;
    const tool = tools.get(toolId) ?? { toolId, passes: 0, tookNs: 0, untilNs: -Infinity };
    tool.passes += 1;
    tool.tookNs += Math.max(0, graph.end[step]! - Math.max(graph.start[step]!, tool.untilNs));
    tool.untilNs = Math.max(tool.untilNs, graph.end[step]!);
    tools.set(toolId, tool);
  }
  const [longest] = [...tools.values()].toSorted((a, b) => b.tookNs - a.tookNs);
  if (!longest) return undefined;
  const { toolId, passes, tookNs } = longest;
  const text = `${say.name(toolId)} took ${formatNs(tookNs)}${passes > 1 ? ` in ${passes} passes` : ''}`;
  return { kind: 'bottleneck', text: `${text}${shareOf(tookNs, facts)}`, savesNs: tookNs / 2, toolIds: [toolId] };
}

/** Whether the run had been shorter, had a step been quicker: not of one that nobody waited for. */
function counts(step: number, { facts, graph }: Analysis): boolean {
  const isInTime = facts.steps[step]!.clock !== 0 || graph.end[step]! <= facts.durationNs + facts.clockNs;
  return ran(facts.steps[step]!) && isInTime;
}

function shareOf(ns: number, { durationNs, clockNs }: Analysis['facts']): string {
  // By another clock, or from before its start, a step can take longer than the run.
  const isPart = durationNs > 0 && ns <= durationNs + clockNs;
  return isPart ? ` (${Math.min(100, Math.round((ns / durationNs) * 100))} % of the run)` : '';
}

/** Time before a step in which it had all that it needs, and nothing says what it waited for. */
function gap({ say, facts: { steps }, waits, observed }: Analysis): Finding | undefined {
  const [worst] = observed.path
    .filter((step) => waits.reason[step] === 'unknown')
    .toSorted((a, b) => waits.ns[b]! - waits.ns[a]!);
  if (worst === undefined) return undefined;
  const [name, waited] = [say.step(steps[worst]!), formatNs(waits.ns[worst]!)];
  const last = waits.dependency[worst]!;
  const text =
    last < 0
      ? `${waited} passed before ${name} started`
      : `${waited} passed between the end of ${say.step(steps[last]!)} and the start of ${name}`;
  return { kind: 'gap', text, savesNs: observed.savedBy(worst, waits.ns[worst]!), toolIds: [steps[worst]!.toolId] };
}

/** Time after the last step. */
function tail({ say, facts: { durationNs, steps }, graph: { end } }: Analysis): Finding | undefined {
  let last = -1;
  for (const [step, facts] of steps.entries()) if (ran(facts) && (last < 0 || end[step]! > end[last]!)) last = step;
  if (last < 0) return undefined;
  const { toolId } = steps[last]!;
  const savesNs = durationNs - end[last]!;
  return {
    kind: 'gap',
    text: `the run went on for ${formatNs(savesNs)} after its last step, ${say.name(toolId)}`,
    savesNs,
    toolIds: [toolId],
  };
}

/** Time in which no step ran, where nobody says what steps need. */
function idle({ facts: { durationNs, steps }, parallelism }: Analysis): Finding | undefined {
  if (steps.length < 2) return undefined;
  const savesNs = durationNs - parallelism.busyNs;
  return { kind: 'idle', text: `no step ran for ${formatNs(savesNs)} of it`, savesNs, toolIds: [] };
}
