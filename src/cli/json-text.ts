import { escapeJson } from './terminal-text.ts';

/** A document as `--json` prints it, with its line break. */
export function jsonText(document: object): string {
  return `${escapeJson(JSON.stringify(document, undefined, 2))}\n`;
}
