import { type Paint, painter } from '../paint.ts';
import { renderVerdict } from '../report/render-verdict.ts';
import { escapeText, fitText, widthOf, wrapText } from '../terminal-text.ts';
import type { ToldComparison, ToldRow } from '../../explain/tell/told-comparison.ts';

const MAX_TEXT_LINES = 6;
const MIN_NAME_WIDTH = 10;

/**
 * Writes a comparison as text: the summary, what is compared, the steps that changed, and what else did. Readable without colour; names are
 * escaped.
 *
 * @returns lines of at most `width` columns (40 or more), without a line break at the end
 */
export function renderText(
  view: ToldComparison,
  { width, color }: { readonly width: number; readonly color: boolean },
): string {
  const paint = painter(color);
  const wrap = (text: string, head: string): string[] =>
    wrapText(escapeText(text), width - head.length, MAX_TEXT_LINES).map(
      (line, index) => `${index === 0 ? head : ' '.repeat(head.length)}${line}`,
    );
  const sides = view.sides.flatMap(([label, text]) => wrap(text, `${label.padEnd(6)}  `));
  const sections = view.sections.map(({ title, lines }) =>
    [paint('bold', title), ...lines.flatMap((line) => wrap(line, '  - '))].join('\n'),
  );
  return [
    renderVerdict(view.summary, { width, color }),
    sides.map((line) => paint('dim', line)).join('\n'),
    tableOf(view, width, paint).join('\n'),
    ...sections,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function tableOf({ columns, rows, rest }: ToldComparison, width: number, paint: Paint): string[] {
  if (rows.length === 0) return rest === undefined ? [] : wrapText(rest, width, MAX_TEXT_LINES);
  const head: ToldRow = { name: '', isTotal: false, cells: columns, note: '' };
  const widthAt = (column: number): number =>
    Math.max(...[head, ...rows].map(({ cells }) => widthOf(cells[column] ?? '')));
  const used = [...columns.keys()].filter((column) => rows.some(({ cells }) => cells[column] !== ''));
  const numbersWidth = (): number => used.reduce((sum, column) => sum + widthAt(column) + 2, 0);
  // What does not fit is left out: ranges first, then what was before, for the change tells that.
  while (used.length > 1 && MIN_NAME_WIDTH + numbersWidth() > width)
    used.splice(Math.max(0, used.indexOf(columns.indexOf('range'))), 1);
  const widths = used.map(widthAt);
  const widest = Math.max(...rows.map(({ name }) => widthOf(escapeText(name))));
  const nameWidth = Math.min(widest, Math.max(MIN_NAME_WIDTH, width - numbersWidth()));
  const write = ({ name, cells, note }: ToldRow): string[] => {
    const fitted = used.map((column, index) => fitText(cells[column] ?? '', widths[index]!, 'right'));
    const line = [fitText(escapeText(name), nameWidth), ...fitted].join('  ');
    if (note === '') return [line.trimEnd()];
    const beside = `${line}  ${note}`;
    return widthOf(beside) <= width
      ? [beside]
      : [line.trimEnd(), ...wrapText(note, width - 4, 2).map((text) => `    ${text}`)];
  };
  return [
    ...write(head).map((line) => paint('dim', line)),
    ...rows.flatMap((row) => write(row).map((line) => (row.isTotal ? paint('bold', line) : line))),
    ...(rest === undefined ? [] : wrapText(rest, width, MAX_TEXT_LINES).map((line) => paint('dim', line))),
  ];
}
