import type { Explanation } from '../../explain/explain-run.ts';
import type { Section } from '../../explain/tell/sections.ts';
import type { SectionView } from './run-view.ts';

/** What a report says in words, each line with the tools that it is about, so that they can be selected. */
export function viewSections(sections: readonly Section[], explanation: Explanation): SectionView[] {
  return sections.map(({ title, lines }) => ({
    title,
    lines: lines.map((text) => ({ text, toolIds: toolsOf(text, explanation) })),
  }));
}

/** Of the finding that it tells, or whose data it is about. */
function toolsOf(line: string, { findings, dataFlow }: Explanation): readonly string[] {
  const finding = findings.find(({ text }) => line.startsWith(text));
  if (finding) return finding.toolIds;
  const { unresolved, implicit } = dataFlow;
  const readers = [...unresolved, ...implicit].map(({ toolId }) => toolId);
  const named = new Set([...readers, ...implicit.map(({ dependency }) => dependency)]);
  return [...named].filter((toolId) => line.includes(toolId));
}
