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

/** Of an element: numbers and texts, escaped; undefined ones are left out. */
export type SvgAttributes = Readonly<Record<string, string | number | undefined>>;

/**
 * An element of an SVG picture.
 *
 * @param content elements within it, not escaped; `svgText` makes it of a text
 */
export function svgTag(name: string, attributes: SvgAttributes, content = ''): string {
  const given = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [` ${name}="${typeof value === 'number' ? svgNumber(value) : svgText(value)}"`],
  );
  return `<${name}${given.join('')}${content === '' ? '/>' : `>${content}</${name}>`}`;
}

interface PictureFrame {
  readonly title: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly background: string;
}

/**
 * A picture that stands alone: no style sheet, no script, nothing to load.
 *
 * @param content elements, not escaped
 */
export function svgPicture(frame: PictureFrame, content: readonly string[]): string {
  const [width, height] = [Math.ceil(frame.width), Math.ceil(frame.height)];
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  const font = { 'font-family': `system-ui, -apple-system, 'Segoe UI', sans-serif`, 'font-size': 12 };
  const elements = [
    svgTag('title', {}, svgText(frame.title)),
    svgTag('desc', {}, svgText(frame.description)),
    svgTag('rect', { width: '100%', height: '100%', fill: frame.background }),
    ...content,
  ];
  const root = { xmlns: 'http://www.w3.org/2000/svg', role: 'img', ...size, ...font };
  return `${svgTag('svg', root, `\n${elements.join('\n')}\n`)}\n`;
}
