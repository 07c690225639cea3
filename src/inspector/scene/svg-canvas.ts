import type { Canvas } from './graph-pen.ts';
import { type SvgAttributes, svgNumber, svgTag, svgText } from './svg-text.ts';

/** A canvas that writes down what is drawn on it, as elements of SVG. */
export class SvgCanvas implements Canvas {
  globalAlpha = 1;
  fillStyle = '';
  strokeStyle = '';
  lineWidth = 1;
  /** E.g. `600 13px`. */
  font = '';
  textAlign = 'left';
  readonly elements: string[] = [];
  #path = '';
  #dash = '';

  beginPath(): void {
    this.#path = '';
  }

  moveTo(x: number, y: number): void {
    this.#path += path`M${x} ${y}`;
  }

  lineTo(x: number, y: number): void {
    this.#path += path`L${x} ${y}`;
  }

  bezierCurveTo(ax: number, ay: number, bx: number, by: number, x: number, y: number): void {
    this.#path += path`C${ax} ${ay} ${bx} ${by} ${x} ${y}`;
  }

  /** @param radius of all corners, or a list that begins with those at the left and at the right */
  roundRect(x: number, y: number, width: number, height: number, radius: number | number[]): void {
    const [left = 0, right = 0] = typeof radius === 'number' ? [radius, radius] : radius;
    this.#path += path`M${x + left} ${y}h${width - left - right}a${right} ${right} 0 0 1 ${right} ${right}v${height - 2 * right}`;
    this.#path += path`a${right} ${right} 0 0 1 ${-right} ${right}h${left + right - width}a${left} ${left} 0 0 1 ${-left} ${-left}`;
    this.#path += path`v${2 * left - height}a${left} ${left} 0 0 1 ${left} ${-left}z`;
  }

  fill(): void {
    this.#add('path', { d: this.#path, fill: this.fillStyle });
  }

  stroke(): void {
    this.#add('path', { d: this.#path, ...this.#line() });
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.#add('rect', { x, y, width, height, fill: this.fillStyle });
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#add('rect', { x, y, width, height, ...this.#line() });
  }

  fillText(text: string, x: number, y: number): void {
    const [weight, size = ''] = this.font.split(' ');
    const anchor = { right: 'end', center: 'middle' }[this.textAlign];
    const font = { 'font-size': Number.parseFloat(size), 'font-weight': weight, 'text-anchor': anchor };
    this.#add('text', { x, y, ...font, fill: this.fillStyle }, svgText(text));
  }

  setLineDash(dash: number[]): void {
    this.#dash = dash.join(' ');
  }

  #line(): SvgAttributes {
    return {
      fill: 'none',
      stroke: this.strokeStyle,
      'stroke-width': this.lineWidth,
      'stroke-dasharray': this.#dash || undefined,
    };
  }

  #add(name: string, attributes: SvgAttributes, content?: string): void {
    const opacity = this.globalAlpha === 1 ? undefined : this.globalAlpha;
    this.elements.push(svgTag(name, { ...attributes, opacity }, content));
  }
}

function path(texts: TemplateStringsArray, ...numbers: number[]): string {
  return String.raw(texts, ...numbers.map(svgNumber));
}
