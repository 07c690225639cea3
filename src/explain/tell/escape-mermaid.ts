import { escapeText } from './escape-text.ts';

/** Signs that Mermaid reads in labels: quotes, markup, its own entities, comments and directives, emphasis. */
const SIGNS = /["#%&<>`*~]|(?<!\w)_|_(?!\w)|\$(?=\$)|(?<=\$)\$|\](?=\()/g;
/** What makes a list of a label. */
const LIST = /^(\d+(?=[.)]))?([-+.)])(?=\s|$)/;

/** A text of others as part of a label in double quotes of a Mermaid diagram: nothing in it is read as anything but text. */
export function escapeMermaid(text: string): string {
  return escapeText(text)
    .replaceAll(SIGNS, entityOf)
    .replace(LIST, (_, number: string | undefined, sign: string) => (number ?? '') + entityOf(sign));
}

function entityOf(sign: string): string {
  return `#${sign.codePointAt(0)};`;
}
