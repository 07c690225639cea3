import type { Analysis } from './analysis.ts';
import { unresolvedReferences } from './data-flow.ts';
import type { FaultKind, Finding } from './findings.ts';
import { count, formatNs } from './format.ts';
import { ran } from './facts.ts';

/** What is wrong with a run, whatever time it took. */
export function findFaults(analysis: Analysis): Finding[] {
  return [
    broken(analysis),
    lost(analysis),
    notFollowed(analysis),
    early(analysis),
    outlived(analysis),
    unresolved(analysis),
  ].filter((finding) => finding !== undefined);
}

function fault(kind: FaultKind, text: string, toolIds: readonly string[]): Finding {
  return { kind, text, savesNs: 0, toolIds };
}

function broken({ say, facts: { plan } }: Analysis): Finding | undefined {
  return plan.error === undefined
    ? undefined
    : fault('broken_plan', `the plan is broken: ${say.text(plan.error, 150)}`, []);
}

function lost({ say, facts: { lost } }: Analysis): Finding | undefined {
  return lost.size === 0 ? undefined : fault('lost_spans', `no span of ${say.names([...lost])} arrived`, [...lost]);
}

/** Tools of the plan that did not start although nothing failed and nothing was skipped that they need: an executor that does something else. */
function notFollowed({ say, facts, failures }: Analysis): Finding | undefined {
  if (facts.outcome !== 'success' || failures.failed.length > 0) return undefined;
  const cut = new Set(failures.skipped);
  const notStarted: string[] = [];
  const idle = new Set(failures.notStarted);
  for (const { toolId, dependsOn } of facts.plan.tools) {
    if (!idle.has(toolId)) continue;
    if (dependsOn.some((id) => cut.has(id))) cut.add(toolId);
    else notStarted.push(toolId);
  }
  if (notStarted.length === 0) return undefined;
  const extra = facts.steps.filter((step) => step.tool < 0 && ran(step)).map(({ toolId }) => toolId);
  const instead = extra.length > 0 ? `, and ${say.names([...new Set(extra)])} ran, which the plan does not have` : '';
  return fault('plan_not_followed', `${say.names(notStarted)} did not start${instead}`, [...notStarted, ...extra]);
}

function early({ say, facts: { steps }, graph }: Analysis): Finding | undefined {
  const overlap = ({ step, dependency }: { step: number; dependency: number }): number =>
    graph.end[dependency]! - graph.start[step]!;
  const [first] = graph.early.toSorted((a, b) => overlap(b) - overlap(a));
  if (!first) return undefined;
  const [step, needed] = [steps[first.step]!, steps[first.dependency]!];
  const more = graph.early.length > 1 ? ` (and ${count(graph.early.length - 1, 'more such start')})` : '';
  const text = `${say.step(step)} started ${formatNs(overlap(first))} before ${say.step(needed)}, which it needs, had ended${more}`;
  return fault('early_start', text, [step.toolId, needed.toolId]);
}

/** Steps that nobody waited for. */
function outlived({
  say,
  facts: { outcome, durationNs, steps, running },
  graph,
  outlasting: last,
}: Analysis): Finding | undefined {
  if (outcome !== 'success') return undefined;
  if (running) return fault('outlived', `${say.names(running)} still ran when it ended`, running);
  if (last < 0) return undefined;
  const { toolId } = steps[last]!;
  const text = `${say.step(steps[last]!)} went on for ${formatNs(graph.end[last]! - durationNs)} after the run had ended`;
  return fault('outlived', text, [toolId]);
}

function unresolved({ say, facts }: Analysis): Finding | undefined {
  const references = unresolvedReferences(facts);
  const [first] = references;
  if (!first) return undefined;
  const more = references.length > 1 ? ` (and ${count(references.length - 1, 'more reference')})` : '';
  const text = `${say.name(first.toolId)} got nothing for ${say.name(first.field)}: ${say.text(first.ref, 60)} found nothing${more}`;
  return fault('unresolved_mapping', text, [...new Set(references.map(({ toolId }) => toolId))]);
}
