/**
 * Controls, and characters that change direction or are invisible: what would let a name move the cursor, write the clipboard or pose as
 * another. The zero-width joiner stays: emoji need it.
 */
export const UNSAFE: RegExp =
  /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** The text with everything that a terminal would act on, or that nobody would see, written out, e.g. `\x1b[2J`, `\n`, `\u202e`. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === '\n') return String.raw`\n`;
    if (character === '\t') return String.raw`\t`;
    if (code <= 0xff) return String.raw`\x${code.toString(16).padStart(2, '0')}`;
    return code <= 0xffff ? String.raw`\u${code.toString(16).padStart(4, '0')}` : String.raw`\u{${code.toString(16)}}`;
  });
}
