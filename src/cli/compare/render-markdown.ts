import { codeInTable, escapeMarkdown, itemOf } from '../../explain/tell/escape-markdown.ts';
import type { ToldComparison, ToldRow } from '../../explain/tell/told-comparison.ts';

/**
 * Writes a comparison as Markdown, for a pull request say: the summary, the rules of `--fail-on` that fail, the steps that changed, and the rest
 * as lists.
 */
export function renderMarkdown(view: ToldComparison, failed: readonly string[]): string {
  return [
    `**${escapeMarkdown(view.summary)}**`,
    failed.map((sentence) => `- ❌ ${escapeMarkdown(sentence)}`).join('\n'),
    view.sides.map(([label, text]) => `${label}: ${escapeMarkdown(text)}`).join('  \n'),
    tableOf(view),
    view.rest === undefined ? '' : `${escapeMarkdown(view.rest)}.`,
    ...view.sections.map(({ title, lines }) => `**${title}**\n\n${lines.map(itemOf).join('\n')}`),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function tableOf({ columns, rows }: ToldComparison): string {
  if (rows.length === 0) return '';
  const used = [...columns.keys()].filter((column) => rows.some(({ cells }) => cells[column] !== ''));
  const hasNotes = rows.some(({ note }) => note !== '');
  const line = (name: string, cells: readonly string[], note: string): string =>
    `| ${[name, ...used.map((column) => cells[column] ?? ''), ...(hasNotes ? [note] : [])].join(' | ')} |`;
  const write = ({ name, isTotal, cells, note }: ToldRow): string =>
    isTotal
      ? line(
          `**${name}**`,
          cells.map((cell) => (cell === '' ? '' : `**${escapeMarkdown(cell)}**`)),
          note,
        )
      : line(codeInTable(name), cells.map(escapeMarkdown), escapeMarkdown(note));
  return [
    line('step', columns, 'note'),
    `| --- | ${used.map(() => '---:').join(' | ')} |${hasNotes ? ' --- |' : ''}`,
    ...rows.map(write),
  ].join('\n');
}
