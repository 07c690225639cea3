import { escapeText } from './escape-text.ts';

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

/** An item of a list, of one line of others: neither a heading nor another list comes of its beginning. */
export function itemOf(line: string): string {
  const text = escapeMarkdown(line)
    .trimStart()
    .replace(HEAD, String.raw`\$&`)
    .replace(/^(\d+)(?=[.)](?: |$))/, '$1\\');
  return `- ${text}`;
}

/** What makes a heading, a list or a rule of a line; the rest is escaped wherever it stands. */
const HEAD = /^(?:#+(?= |$)|[-+](?= |$)|-[- ]+$|=+$)/;

/** A name as code, where it stays as it is and can be copied; of a longer one its beginning. */
export function codeOf(name: string): string {
  const [beginning = ''] = BEGINNING.exec(name) ?? [];
  const text = escapeText(beginning.length < name.length ? `${beginning}…` : name);
  const fence = '`'.repeat(longestTicks(text) + 1);
  const space = text === '' || /^[` ]|[` ]$/.test(text) ? ' ' : '';
  return `${fence}${space}${text}${space}${fence}`;
}

/** Whole characters. */
const BEGINNING = /^.{0,200}/su;

/** The same in a table, where a bar ends the cell, in code as well. */
export function codeInTable(name: string): string {
  return codeOf(name).replaceAll('|', String.raw`\|`);
}

/** Lines as a block of code. */
export function codeBlock(text: string, language: string): string {
  const fence = '`'.repeat(Math.max(2, longestTicks(text)) + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

function longestTicks(text: string): number {
  let longest = 0;
  for (const [ticks] of text.matchAll(/`+/g)) longest = Math.max(longest, ticks.length);
  return longest;
}
