import { escapeText } from './escape-text.ts';

/** Lines between nodes that Mermaid draws, unless the page around it says otherwise: of more it draws nothing. */
export const MAX_MERMAID_LINES = 500;

/** Signs that Mermaid reads in labels: quotes, markup, its own entities, comments and directives, emphasis, links. */
const SIGNS = /["#%&<>`*~\\]|(?<![a-z\d])_|_(?![a-z\d])|\](?=\()/gi;
/** What makes a list of a label. */
const LIST = /^(\d+(?=[.)]))?([-+.)])(?=\s|$)/;
/** What makes a formula or an icon of a part of it, even of entities. */
const BEFORE_BREAK = /\$(?=\$)|\bfa[bklrs]?:(?=fa-)/g;
/** Invisible. */
const BREAK = '\u200b';

/** A text of others as part of a label in double quotes of a Mermaid diagram: nothing in it is read as anything but text. */
export function escapeMermaid(text: string): string {
  return escapeText(text)
    .replaceAll(SIGNS, entityOf)
    .replace(LIST, (_, number: string | undefined, sign: string) => (number ?? '') + entityOf(sign))
    .replaceAll(BEFORE_BREAK, `$&${BREAK}`);
}

function entityOf(sign: string): string {
  return `#${sign.codePointAt(0)};`;
}
