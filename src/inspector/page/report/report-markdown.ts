import { formatDuration } from '../../../explain/format.ts';
import { codeOf, escapeMarkdown, itemOf } from '../../../explain/tell/escape-markdown.ts';
import { namePath } from '../../../explain/tell/name-step.ts';
import type { RunView } from '../../view/run-view.ts';

/** A report as Markdown, for an issue or a pull request: the verdict, the run, and what there is to say of it. */
export function reportMarkdown(run: RunView): string {
  const { planName, strategy, durationMs, completeness, traceId, verdict, sections, notes } = run;
  const facts = [
    planName === undefined ? 'unnamed run' : codeOf(planName),
    ...(strategy === undefined ? [] : [escapeMarkdown(strategy)]),
    formatDuration(durationMs),
    ...(completeness.planned > 0 ? [`${completeness.seen} of ${completeness.planned} planned steps seen`] : []),
    `trace ${codeOf(traceId)}`,
  ];
  const lines = [facts.join(' · '), ...pathOf(run), ...notes.map((note) => `Note: ${escapeMarkdown(note)}`)];
  return [
    `**${escapeMarkdown(verdict)}**`,
    lines.join('  \n'),
    ...sections.map(({ title, lines }) => `**${title}**\n\n${lines.map(itemOf).join('\n')}`),
  ].join('\n\n');
}

function pathOf({ criticalPath, steps, durationMs }: RunView): string[] {
  if (!criticalPath || criticalPath.steps.length < 2) return [];
  const names = criticalPath.steps.flatMap((at) => steps[at] ?? []);
  const path = `${namePath(names)}, ${formatDuration(criticalPath.ms)} of ${formatDuration(durationMs)}`;
  return [`Critical path: ${escapeMarkdown(path)}`];
}
