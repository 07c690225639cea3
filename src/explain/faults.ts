import type { Analysis } from './analysis.ts';
import { unresolvedReferences } from './data-flow.ts';
import type { Finding, FindingKind } from './findings.ts';
import { count, formatNs } from './format.ts';

/** What is wrong with a run, whatever time it took. */
export function findFaults({ say, facts, graph }: Analysis): Finding[] {
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
  const unresolved = unresolvedReferences(facts);
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
