import { ATTR_ORCHESTRATION_PLAN_HASH } from '../../semconv.ts';
import { shorten, Wording } from '../format.ts';
import { textAt } from '../read/read-attributes.ts';
import type { DeclaredPlan, DeclaredTool, Run } from '../read/run.ts';

type PlanChangeKind =
  | 'plan_name'
  | 'strategy'
  | 'tool_added'
  | 'tool_removed'
  | 'tool_type'
  | 'depends_on'
  | 'output_mapping'
  | 'group'
  /** Something differs that cannot be seen: it was redacted, or the plan of one run did not arrive. */
  | 'plan_hash';

/** One way in which the plan of a run is not that of the run before. */
export interface PlanChange {
  readonly kind: PlanChangeKind;
  /** Undefined for the plan as a whole. */
  readonly toolId: string | undefined;
  /** What it was and what it is; undefined where there was or is none. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** In words: a clause. */
  readonly text: string;
}

/** Every change of a plan: of the plan as a whole, then tool by tool. The tools of a plan that is broken or did not arrive are not compared. */
export function comparePlans(before: Run, after: Run): PlanChange[] {
  const changes = [
    change('plan_name', undefined, before.planName, after.planName),
    change('strategy', undefined, before.strategy, after.strategy),
    ...(isUsable(before.plan) && isUsable(after.plan) ? compareTools(before.plan, after.plan) : []),
  ].filter((found) => found !== undefined);
  const isExplained = changes.some(({ kind }) => kind !== 'plan_name');
  const [from, to] = [hashOf(before), hashOf(after)];
  const hash =
    isExplained || from === undefined || to === undefined ? undefined : change('plan_hash', undefined, from, to);
  return hash ? [...changes, hash] : changes;
}

/** A broken plan has no groups: that says nothing of its tools. */
function isUsable(plan: DeclaredPlan | undefined): plan is DeclaredPlan {
  return plan !== undefined && plan.error === undefined;
}

function compareTools(before: DeclaredPlan, after: DeclaredPlan): (PlanChange | undefined)[] {
  const [old, now] = [placesOf(before), placesOf(after)];
  return [...new Set([...now.keys(), ...old.keys()])].flatMap((toolId) => {
    const [from, to] = [old.get(toolId), now.get(toolId)];
    if (!from) return change('tool_added', toolId, undefined, toolId);
    if (!to) return change('tool_removed', toolId, toolId, undefined);
    return [
      change('tool_type', toolId, from.tool.toolType, to.tool.toolType),
      change('depends_on', toolId, listOf(from.tool.dependsOn), listOf(to.tool.dependsOn)),
      change('output_mapping', toolId, mappingOf(from.tool), mappingOf(to.tool)),
      change('group', toolId, String(from.group), String(to.group)),
    ];
  });
}

/** Of ids that are there twice, the first counts. */
function placesOf({ groups }: DeclaredPlan): Map<string, { tool: DeclaredTool; group: number }> {
  const places = new Map<string, { tool: DeclaredTool; group: number }>();
  for (const [group, tools] of groups.entries())
    for (const tool of tools) if (!places.has(tool.toolId)) places.set(tool.toolId, { tool, group });
  return places;
}

/** In no order of its own: none of these has a meaning. */
function listOf(toolIds: readonly string[]): string | undefined {
  return toolIds.length === 0 ? undefined : [...new Set(toolIds)].toSorted().join(', ');
}

function mappingOf({ outputMapping }: DeclaredTool): string | undefined {
  const fields = Object.entries(outputMapping).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return fields.length === 0 ? undefined : fields.map(([field, source]) => `${field} <- ${source}`).join(', ');
}

function hashOf({ span }: Run): string | undefined {
  return span && textAt(span.attributes, ATTR_ORCHESTRATION_PLAN_HASH);
}

function change(
  kind: PlanChangeKind,
  toolId: string | undefined,
  before: string | undefined,
  after: string | undefined,
): PlanChange | undefined {
  if (before === after) return undefined;
  return { kind, toolId, before, after, text: describe(kind, toolId, before, after) };
}

/** A clause. */
function describe(
  kind: PlanChangeKind,
  toolId: string | undefined,
  before: string | undefined,
  after: string | undefined,
): string {
  const name = new Wording().name(toolId ?? '');
  const [from, to] = [before, after].map((value) => shorten(value ?? 'nothing', MAX_VALUE_LENGTH));
  switch (kind) {
    case 'plan_name':
      return `the plan is called ${to} instead of ${from}`;
    case 'strategy':
      return `the strategy is ${to} instead of ${from}`;
    case 'tool_added':
      return `${name} is new`;
    case 'tool_removed':
      return `${name} is gone`;
    case 'tool_type':
      return `${name} is of the type ${to} instead of ${from}`;
    case 'depends_on':
      return `${name} depends on ${to} instead of ${from}`;
    case 'output_mapping':
      return `${name} is given ${to} instead of ${from}`;
    case 'group':
      return `${name} is in group ${to} instead of ${from}`;
    case 'plan_hash':
      return 'the plan has another hash, though nothing that can be compared differs';
  }
}

const MAX_VALUE_LENGTH = 80;
