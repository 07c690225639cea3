import { formatDuration } from '../format.ts';
import { codeOf, escapeMarkdown, itemOf } from './escape-markdown.ts';

/** What a report says first of a run. */
interface RunSummary {
  readonly planName?: string | undefined;
  readonly strategy?: string | undefined;
  readonly durationMs: number;
  readonly completeness: { readonly planned: number; readonly seen: number };
  readonly traceId: string;
  readonly notes: readonly string[];
}

/**
 * A run in a few lines of Markdown: what it is, its critical path, what is odd about its trace.
 *
 * @param path as `criticalPathOf` has it
 */
export function summaryToMarkdown(summary: RunSummary, path: string | undefined): string {
  const { planName, strategy, durationMs, completeness, traceId, notes } = summary;
  const facts = [
    planName === undefined ? 'unnamed run' : codeOf(planName),
    ...(strategy === undefined ? [] : [escapeMarkdown(strategy)]),
    formatDuration(durationMs),
    ...(completeness.planned > 0 ? [`${completeness.seen} of ${completeness.planned} planned steps seen`] : []),
    `trace ${codeOf(traceId)}`,
  ];
  return [
    facts.join(' · '),
    ...(path === undefined ? [] : [`Critical path: ${escapeMarkdown(path)}`]),
    ...notes.map((note) => `Note: ${escapeMarkdown(note)}`),
  ].join('  \n');
}

/** A heading, and a list. */
export function sectionToMarkdown({ title, lines }: { title: string; lines: readonly string[] }): string {
  return `**${title}**\n\n${lines.map(itemOf).join('\n')}`;
}
