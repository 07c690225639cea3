import type { Analysis } from './analysis.ts';
import { longestChain } from './critical-path.ts';
import { ran } from './facts.ts';
import { count, formatNs } from './format.ts';
import { connectSteps } from './step-graph.ts';

export type FindingKind =
  /** Something is wrong, whatever time it took. */
  | 'broken_plan'
  | 'lost_spans'
  | 'early_start'
  | 'unresolved_mapping'
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

/** Shares of a run below this are not worth a finding. */
const MATERIAL_SHARE = 0.05;
const MATERIAL_NS = 1e6;

/** Everything that is wrong with a run, then everything that took time, by how much of the whole run it took. */
export function findFindings(analysis: Analysis): Finding[] {
  const least = Math.max(MATERIAL_NS + analysis.facts.clockNs, analysis.facts.durationNs * MATERIAL_SHARE);
  const slow = [
    retries(analysis),
    barrier(analysis),
    serialised(analysis),
    slots(analysis),
    independent(analysis),
    bottleneck(analysis),
    gap(analysis),
    tail(analysis),
    idle(analysis),
  ];
  return [
    ...faults(analysis),
    ...slow
      .filter((finding) => finding !== undefined && finding.savesNs >= least)
      .filter((finding) => finding !== undefined)
      .toSorted((a, b) => b.savesNs - a.savesNs),
  ];
}

function faults({ say, facts, graph }: Analysis): Finding[] {
  const { plan, steps, lost } = facts;
  const found: Finding[] = [];
  const add = (kind: FindingKind, text: string, toolIds: readonly string[]): void =>
    void found.push({ kind, text, savesNs: 0, toolIds });
  if (plan.error !== undefined) add('broken_plan', `the plan is broken: ${say.text(plan.error, 150)}`, []);
  if (lost.size > 0) add('lost_spans', `no span of ${say.names([...lost])} arrived`, [...lost]);
  const [early] = graph.early.toSorted((a, b) => overlap(graph, b) - overlap(graph, a));
  if (early) {
    const [step, needed] = [steps[early.step]!.toolId, steps[early.dependency]!.toolId];
    const more = graph.early.length > 1 ? ` (and ${count(graph.early.length - 1, 'more such start')})` : '';
    const by = formatNs(overlap(graph, early));
    add('early_start', `${say.name(step)} started ${by} before ${say.name(needed)}, which it needs, had ended${more}`, [
      step,
      needed,
    ]);
  }
  const unresolved = steps.flatMap(({ toolId, mappings }) =>
    mappings.filter(({ resolved }) => !resolved).map(({ field, ref }) => ({ toolId, field, ref })),
  );
  const [first] = unresolved;
  if (first) {
    const more = unresolved.length > 1 ? ` (and ${count(unresolved.length - 1, 'more reference')})` : '';
    const text = `${say.name(first.toolId)} got nothing for ${say.name(first.field)}: ${say.text(first.ref, 60)} found nothing${more}`;
    add('unresolved_mapping', text, [...new Set(unresolved.map(({ toolId }) => toolId))]);
  }
  return found;
}

function overlap(
  { start, end }: Analysis['graph'],
  { step, dependency }: { step: number; dependency: number },
): number {
  return end[dependency]! - start[step]!;
}

function retries({ say, facts, observed }: Analysis): Finding | undefined {
  let best: { step: number; savesNs: number } | undefined;
  for (const [step, { attempts, retryNs }] of facts.steps.entries()) {
    if (attempts < 2 || retryNs <= 0) continue;
    const savesNs = observed.savedBy(step, retryNs);
    if (!best || savesNs > best.savesNs) best = { step, savesNs };
  }
  if (!best) return undefined;
  const { toolId, attempts, retryNs, outcome } = facts.steps[best.step]!;
  const ended = outcome === 'success' ? 'succeeded' : 'failed';
  return {
    kind: 'retries',
    text: `${say.name(toolId)} ${ended} at attempt ${attempts}, which began ${formatNs(retryNs)} after the first`,
    savesNs: best.savesNs,
    toolIds: [toolId],
  };
}

function barrier({ say, facts: { steps }, waits, observed }: Analysis): Finding | undefined {
  const held = waitingFor('group', waits);
  const [worst] = held;
  if (worst === undefined) return undefined;
  const savesNs = observed.savedWithout((step) => waits.reason[step] === 'group');
  const last = waits.releasedBy[worst]!;
  const name = say.name(steps[worst]!.toolId);
  const whole =
    last < 0 ? 'the groups before it' : `${say.name(steps[last]!.toolId)} and the rest of the groups before it`;
  const others = held.length > 1 ? ` (and ${count(held.length - 1, 'other step')} less long)` : '';
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
function serialised({ facts: { plan, steps }, groups, observed, waits }: Analysis): Finding | undefined {
  if (plan.isSerial || !waits.reason.some((reason) => reason === 'slot' || reason === 'unknown')) return undefined;
  const found = groups.filter(({ declared, peak, possiblePeak }) => declared > 1 && peak === 1 && possiblePeak > 1);
  const [widest] = found.toSorted((a, b) => b.workNs - a.workNs);
  if (!widest) return undefined;
  const chosen = new Set(found.flatMap((group) => group.steps));
  const savesNs = observed.savedWithout((step) => chosen.has(step));
  const more = found.length > 1 ? ` (and those of ${count(found.length - 1, 'other group')})` : '';
  const text = `the ${widest.steps.length} steps of group ${widest.groupIndex} may run at once, but ran one after another, ${formatNs(widest.workNs)}${more}; side by side about ${formatNs(savesNs)} less`;
  const toolIds = [...chosen].map((step) => steps[step]!.toolId);
  return { kind: 'serialised', text, savesNs, toolIds };
}

function slots({ say, facts: { steps }, waits, observed, parallelism: { peak } }: Analysis): Finding | undefined {
  const held = waitingFor('slot', waits);
  const [worst] = held;
  if (worst === undefined || peak < 2) return undefined;
  const savesNs = observed.savedWithout((step) => waits.reason[step] === 'slot');
  const longest = `${say.name(steps[worst]!.toolId)}${held.length > 1 ? ' longest' : ''}, ${formatNs(waits.ns[worst]!)}`;
  const text = `no more than ${peak} steps ran at once, for which ${count(held.length, 'step')} waited, ${longest}; without that bound about ${formatNs(savesNs)} less`;
  return { kind: 'slots', text, savesNs, toolIds: held.map((step) => steps[step]!.toolId) };
}

/** A serial plan whose steps need not wait for each other, as far as it says. */
function independent({ say, facts, graph, criticalPath }: Analysis): Finding | undefined {
  const { plan } = facts;
  if (!plan.isSerial) return undefined;
  const free = connectSteps(facts, { serialOrder: false });
  const savesNs = criticalPath.length - longestChain(() => free.needs, free.order, free.duration);
  const pair = plan.tools.findIndex((_, tool) => tool > 0 && !needsOf(plan, tool).has(tool - 1));
  if (pair < 1 || savesNs <= 0) return undefined;
  const isFree = plan.needs.needs.length === 0;
  const [before, after] = [plan.tools[pair - 1]!.toolId, plan.tools[pair]!.toolId];
  const what = isFree
    ? `any of its ${graph.steps.length} steps needs another`
    : `${say.name(after)} needs ${say.name(before)}`;
  const text = `the plan is serial, but nothing in it says that ${what}; by its dependencies alone about ${formatNs(savesNs)} less`;
  return { kind: 'independent', text, savesNs, toolIds: [before, after] };
}

function needsOf({ needs }: Analysis['facts']['plan'], tool: number): Set<number> {
  return new Set(needs.needs.subarray(needs.start[tool], needs.start[tool + 1]));
}

/** The step that took most of the run. */
function bottleneck(analysis: Analysis): Finding | undefined {
  const { say, facts, graph, observed } = analysis;
  const hasPlan = facts.plan.tools.length > 0;
  const candidates = hasPlan ? observed.path : [...graph.steps.keys()];
  const worth = (step: number): number => (hasPlan ? analysis.savedByHalf(step) : graph.duration[step]! / 2);
  let best = -1;
  for (const step of candidates) if (ran(facts.steps[step]!) && (best < 0 || worth(step) > worth(best))) best = step;
  if (best < 0) return undefined;
  const { toolId } = facts.steps[best]!;
  const took = graph.duration[best]!;
  const share = facts.durationNs > 0 ? ` (${Math.min(100, Math.round((took / facts.durationNs) * 100))} %)` : '';
  return {
    kind: 'bottleneck',
    text: `${say.name(toolId)} took ${formatNs(took)} of it${share}`,
    savesNs: worth(best),
    toolIds: [toolId],
  };
}

/** Time before a step in which it had all that it needs, and nothing says what it waited for. */
function gap({ say, facts: { plan, steps }, waits, observed }: Analysis): Finding | undefined {
  if (plan.tools.length === 0) return undefined;
  const [worst] = observed.path
    .filter((step) => waits.reason[step] === 'unknown')
    .toSorted((a, b) => waits.ns[b]! - waits.ns[a]!);
  if (worst === undefined) return undefined;
  const [name, waited] = [say.name(steps[worst]!.toolId), formatNs(waits.ns[worst]!)];
  const last = waits.dependency[worst]!;
  const text =
    last < 0
      ? `${waited} passed before ${name} started, which needs nothing`
      : `${waited} passed between the end of ${say.name(steps[last]!.toolId)} and the start of ${name}`;
  return { kind: 'gap', text, savesNs: waits.ns[worst]!, toolIds: [steps[worst]!.toolId] };
}

/** Time after the last step. */
function tail({ say, facts: { durationNs, outcome, steps }, graph: { end } }: Analysis): Finding | undefined {
  let last = -1;
  for (const [step, facts] of steps.entries()) if (ran(facts) && (last < 0 || end[step]! > end[last]!)) last = step;
  if (last < 0 || outcome === undefined) return undefined;
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
function idle({ facts: { plan, durationNs, steps }, parallelism: { busyNs } }: Analysis): Finding | undefined {
  if (plan.tools.length > 0 || steps.length < 2) return undefined;
  const savesNs = durationNs - busyNs;
  return { kind: 'idle', text: `no step ran for ${formatNs(savesNs)} of it`, savesNs, toolIds: [] };
}
