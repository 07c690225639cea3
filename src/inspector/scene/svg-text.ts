import { UNSAFE } from '../../explain/tell/escape-text.ts';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * A text of others as text of an SVG picture, or as the value of an attribute in double quotes. What XML forbids, even escaped, and what
 * changes the direction of other text becomes `\ufffd`.
 */
export function svgText(text: string): string {
  return text
    .replace(UNSAFE, '\ufffd')
    .replaceAll(/[\ufffe\uffff]/g, '\ufffd')
    .replaceAll(/[&<>"]/g, (sign) => ENTITIES[sign]!);
}

/** A number as pictures have it: with at most two decimals. */
export function svgNumber(value: number): string {
  return String(Math.round(value * 100) / 100);
}
