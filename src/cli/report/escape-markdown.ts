import { escapeText } from '../terminal-text.ts';

/** Invisible, and enough to keep GitHub from making a mention, a reference or a link of what is around it. */
const BREAK = '\u200b';

/** A text of others within Markdown: no markup, no HTML, no mention, reference or link comes of it. */
export function escapeMarkdown(text: string): string {
  return escapeText(text)
    .replaceAll(/[\\`*_[\]<>|~&$]/g, String.raw`\$&`)
    .replaceAll('@', `@${BREAK}`)
    .replaceAll(/#(?=\d)|\b(?:GH-|www)(?=[\d.])/gi, `$&${BREAK}`)
    .replaceAll('://', `:${BREAK}//`);
}

/** A name as code, where it stays as it is and can be copied. */
export function codeOf(name: string): string {
  const text = escapeText(name);
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = text === '' || /^[` ]|[` ]$/.test(text) ? ' ' : '';
  // In a table a bar ends the cell, in code as well.
  return `${fence}${space}${text.replaceAll('|', String.raw`\|`)}${space}${fence}`;
}

/** Lines as a block of code. */
export function codeBlock(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
