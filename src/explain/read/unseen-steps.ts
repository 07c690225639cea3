import { ATTR_ORCHESTRATION_NOT_STARTED, ATTR_ORCHESTRATION_SKIPPED } from '../../semconv.ts';
import type { RunDraft } from './assemble-run.ts';
import { textsAt } from './read-attributes.ts';
import type { DeclaredPlan, DeclaredTool, Step } from './run.ts';

/** A step for every planned tool of which no span arrived, with what can be said of why; and every pass of a tool that was lost. */
export function unseenSteps(
  { span, steps, lostSteps }: RunDraft,
  groups: DeclaredPlan['groups'],
  seen: ReadonlyMap<string, Step>,
): Step[] {
  const lost = Map.groupBy(lostSteps, ({ toolId }) => toolId);
  const skipped = new Set(span && textsAt(span.attributes, ATTR_ORCHESTRATION_SKIPPED));
  const notStarted = span && new Set(textsAt(span.attributes, ATTR_ORCHESTRATION_NOT_STARTED));
  const unseen: Step[] = [];
  const placed: Step[][] = [];
  for (const [groupIndex, tools] of groups.entries()) {
    for (const [executionOrder, tool] of tools.entries()) {
      if (seen.has(tool.toolId)) continue;
      const place = { ...tool, groupIndex, executionOrder, isPlanned: true };
      const passes = lost.get(tool.toolId);
      if (passes) {
        placed.push(placePasses(passes, place));
        lost.delete(tool.toolId);
        continue;
      }
      const end = skipped.has(tool.toolId) ? SKIPPED : { outcome: undefined, ...absenceOf(tool, notStarted, seen) };
      const nothing = { span: undefined, error: undefined, mappings: [], attemptCount: undefined };
      const below = { attempts: [], spans: [], steps: [], runs: [] };
      unseen.push({ ...place, iteration: 1, ...nothing, ...below, ...end });
    }
  }
  const others = lost.size > 0 ? Map.groupBy(steps, ({ toolId }) => toolId) : undefined;
  for (const [toolId, passes] of lost) {
    const beside = others?.get(toolId) ?? [];
    placed.push(placePasses(passes, placeOf(beside), new Set(beside.map(({ iteration }) => iteration))));
  }
  return [...unseen, ...placed.flat()];
}

/** Puts lost passes of a tool in its place, each as the first that is missing there: which one it was, nobody says. */
function placePasses(
  passes: readonly Step[],
  place: Partial<Step> | undefined,
  known: ReadonlySet<number> = new Set(),
): Step[] {
  let iteration = 0;
  return passes.map((step) => {
    do iteration += 1;
    while (known.has(iteration));
    return { ...step, ...place, iteration };
  });
}

/** What all passes of a tool have in common. */
function placeOf([pass]: readonly Step[]): Partial<Step> | undefined {
  if (!pass) return undefined;
  const { toolType, groupIndex, executionOrder, isPlanned, dependsOn, outputMapping } = pass;
  return { toolType, groupIndex, executionOrder, isPlanned, dependsOn, outputMapping };
}

const SKIPPED = { outcome: 'skip', absence: undefined, reason: 'it has no span' } as const;

/** `notStarted` is what the run's own span says; undefined without it. */
function absenceOf(
  { toolId, dependsOn }: DeclaredTool,
  notStarted: ReadonlySet<string> | undefined,
  seen: ReadonlyMap<string, Step>,
): Pick<Step, 'absence' | 'reason'> {
  if (notStarted && !notStarted.has(toolId)) return { absence: 'no span', reason: 'it did not arrive' };
  const needs = dependsOn.filter((id) => (notStarted ? seen.get(id)?.outcome !== 'success' : !seen.has(id)));
  const [first, ...more] = needs;
  if (first !== undefined) {
    return { absence: 'not started', reason: `needs ${first}${more.length > 0 ? ` and ${more.length} more` : ''}` };
  }
  return notStarted
    ? { absence: 'not started', reason: 'the run ended before' }
    : { absence: 'no span', reason: 'not started or not ended' };
}
