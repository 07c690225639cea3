/**
 * Text for terminals. Names come from anywhere, so they are escaped before they are written, and measured in columns, not characters.
 */

import { UNSAFE } from '../explain/tell/escape-text.ts';

export { escapeText } from '../explain/tell/escape-text.ts';

/** Two columns: East Asian wide and fullwidth, and emoji (Unicode Standard Annex 11). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const MARKS_ONLY = /^[\p{M}\u200d]+$/u;
const ASCII = /^[\x20-\x7e]*$/;
const ELLIPSIS = '…';
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** JSON with everything in its texts that a terminal would act on as `\u` and four digits: the same JSON. */
export function escapeJson(json: string): string {
  // Below a space are only its own line breaks: in texts they are escaped already.
  return json.replace(UNSAFE, (character) =>
    character < ' '
      ? character
      : character.replaceAll(/[^]/g, (unit) => String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

/** Columns that an escaped text takes. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += widthOfGrapheme(segment);
  return width;
}

function widthOfGrapheme(grapheme: string): number {
  if (MARKS_ONLY.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}

/** The text if it has at most `width` columns, else its beginning with an ellipsis. */
export function cutText(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return width < 1 ? '' : beginningOf(text, width - 1) + ELLIPSIS;
}

/** As much of a text as has at most `width` columns. */
function beginningOf(text: string, width: number): string {
  let [beginning, used] = ['', 0];
  for (const { segment } of graphemes.segment(text)) {
    used += widthOfGrapheme(segment);
    if (used > width) break;
    beginning += segment;
  }
  return beginning;
}

/** The text in exactly `width` columns: cut, or filled with spaces. */
export function fitText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = cutText(text, width);
  const fill = ' '.repeat(Math.max(0, width - widthOf(cut)));
  return align === 'left' ? cut + fill : fill + cut;
}

/** Lines of at most `width` columns, broken at spaces where there are some; what is beyond `maxLines` is cut. */
export function wrapText(text: string, width: number, maxLines: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (widthOf(rest) > width && lines.length < maxLines - 1) {
    const head = beginningOf(rest, width);
    const space = head.lastIndexOf(' ');
    const line = space > width / 3 ? head.slice(0, space) : head;
    if (line === '') break;
    lines.push(line);
    rest = rest.slice(line.length).trimStart();
  }
  lines.push(cutText(rest, width));
  return lines;
}

/** Bytes as people read them: `6 bytes`, `1.2 KiB`, `3.4 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}
