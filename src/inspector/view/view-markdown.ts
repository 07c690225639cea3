import { escapeMarkdown } from '../../explain/tell/escape-markdown.ts';
import { sectionToMarkdown, summaryToMarkdown } from '../../explain/tell/markdown-parts.ts';
import type { Section } from '../../explain/tell/sections.ts';
import type { RunView } from './run-view.ts';

/**
 * The report of a run as Markdown, for an issue or a pull request: the verdict, the run, and what there is to say of it.
 *
 * @param path as `criticalPathOf` has it
 */
export function viewMarkdown(
  run: Omit<RunView, 'markdown' | 'mermaid'>,
  sections: readonly Section[],
  path: string | undefined,
): string {
  const verdict = `**${escapeMarkdown(run.verdict)}**`;
  return [verdict, summaryToMarkdown(run, path), ...sections.map(sectionToMarkdown)].join('\n\n');
}
