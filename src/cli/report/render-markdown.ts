import { type Explanation, explainRun } from '../../explain/explain-run.ts';
import type { Run } from '../../explain/read/run.ts';
import { codeBlock, codeInTable, escapeMarkdown, itemOf } from '../../explain/tell/escape-markdown.ts';
import { sectionToMarkdown, summaryToMarkdown } from '../../explain/tell/markdown-parts.ts';
import { OUTCOMES } from '../../explain/tell/outcomes.ts';
import { criticalPathOf, sectionsOf } from '../../explain/tell/sections.ts';
import { renderTimeline } from '../render-timeline.ts';
import { renderGantt } from './render-gantt.ts';
import { stepLines } from './step-table.ts';

const MAX_STEPS = 30;
const TIMELINE_WIDTH = 100;

/** Writes a report as Markdown, for a pull request say: the verdict, the steps, what was found; the rest is folded. */
export function renderMarkdown(run: Run, explanation: Explanation = explainRun(run)): string {
  const [findings, details] = [[] as string[], [] as string[]];
  for (const { title, lines, isFinding } of sectionsOf(run, explanation)) {
    if (isFinding) findings.push(...lines.map(itemOf));
    else details.push(sectionToMarkdown({ title, lines }));
  }
  const gantt = renderGantt(explanation);
  const timeline = renderTimeline(run, { width: TIMELINE_WIDTH, color: false, explanation });
  return [
    `**${escapeMarkdown(explanation.verdict)}**`,
    summaryToMarkdown({ ...run, ...explanation }, criticalPathOf(explanation)),
    tableOf(explanation),
    findings.join('\n'),
    fold('Details', details.join('\n\n')),
    fold('Timeline', codeBlock(timeline, 'text')),
    gantt === undefined ? '' : fold('Chart', codeBlock(gantt, 'mermaid')),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function tableOf(explanation: Explanation): string {
  const lines = stepLines(explanation);
  if (lines.length === 0) return '';
  const rows = lines.slice(0, MAX_STEPS).map(({ step, line: { name, duration, waited, slack } }) => {
    const [mark, words] = OUTCOMES[step.outcome ?? 'unknown'];
    const shown = step.isCritical ? `**${codeInTable(name)}**` : codeInTable(name);
    return `| ${shown} | ${duration} | ${waited} | ${slack} | ${mark} ${words} |`;
  });
  const more = lines.length - rows.length;
  return [
    '| step | took | waited | slack | outcome |',
    '| --- | ---: | ---: | ---: | --- |',
    ...rows,
    ...(more > 0 ? [`\n${more} more steps, none longer`] : []),
  ].join('\n');
}

/** Empty lines around it, for Markdown to be read inside of HTML. */
function fold(title: string, text: string): string {
  return text === '' ? '' : `<details><summary>${title}</summary>\n\n${text}\n\n</details>`;
}
