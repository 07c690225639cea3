/** Sizes of texts, in pixels at scale 1. */
export const LABEL_SIZE = 13;
export const DETAIL_SIZE = 11;

/** Widths of characters as parts of the font's size, about, of a broad font: a drawing has to be the same where no font can be asked. */
const WIDTHS: readonly (readonly [characters: string, width: number])[] = [
  [` !'(),./:;I[]fijlrt|\`·`, 0.36],
  ['@MWmw%—…←', 0.95],
  ['ABCDEFGHJKLNOPQRSTUVXYZ0123456789_&?+=<>~#$', 0.67],
];
const OTHER_WIDTH = 0.6;
const WIDE_WIDTH = 1.05;
/** East Asian wide characters and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ASCII = /^[\x20-\x7e]*$/;
/** No text that is longer than that fits anywhere. */
const MAX_READ = 400;
/** How much of a shortened text is its end. */
const TAIL = 0.35;

const widthOf = new Map(WIDTHS.flatMap(([characters, width]) => characters.split('').map((each) => [each, width])));
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** About how wide a text is, rather too wide. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width * size;
}

/** The text, or where it is too wide its beginning and its end: names of steps often differ there alone. */
export function fitText(text: string, width: number, size: number): string {
  return text.length <= MAX_READ && textWidth(text, size) <= width ? text : shortened(text, width / size);
}

/** The text in lines, broken at spaces; a word that is too long is a line of its own. */
export function wrapText(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer, size) <= width) lines[lines.length - 1] = longer;
    else lines.push(fitText(word, width, size));
  }
  return lines;
}

function characterWidth(character: string): number {
  return widthOf.get(character) ?? (character < '\u1100' || !WIDE.test(character) ? OTHER_WIDTH : WIDE_WIDTH);
}

function shortened(text: string, room: number): string {
  const most = room - characterWidth('…');
  const beginning = charactersOf(text.slice(0, MAX_READ));
  const ending = text.length > MAX_READ ? charactersOf(text.slice(-MAX_READ)) : beginning;
  let [from, to, used] = [0, ending.length, 0];
  const fits = (character: string | undefined, part = 1): boolean => {
    if (character === undefined || used + characterWidth(character) > most * part) return false;
    used += characterWidth(character);
    return true;
  };
  while (fits(ending[to - 1], TAIL)) to -= 1;
  while (fits(beginning[from])) from += 1;
  return `${beginning.slice(0, from).join('')}…${ending.slice(to).join('')}`;
}

function charactersOf(text: string): string[] {
  return ASCII.test(text) ? text.split('') : Array.from(graphemes.segment(text), ({ segment }) => segment);
}
