import { styleText } from 'node:util';
import type { Outcome } from '../semconv.ts';

/** Colours, by the names of `util.styleText`. */
export type Style = 'bold' | 'cyan' | 'dim' | 'green' | 'red' | 'yellow';

/** How an outcome is shown: a mark that is readable without colour, the words for it, a colour. */
export const OUTCOMES: Readonly<Record<Outcome | 'unknown', readonly [mark: string, words: string, style: Style]>> = {
  success: ['✓', 'succeeded', 'green'],
  failure: ['✗', 'failed', 'red'],
  error: ['!', 'could not run', 'red'],
  timeout: ['◷', 'timed out', 'red'],
  cancellation: ['⊘', 'cancelled', 'yellow'],
  skip: ['-', 'skipped', 'yellow'],
  unknown: ['·', 'has no outcome', 'dim'],
};

export type Paint = (style: Style | undefined, text: string) => string;

/** Gives texts their style, or leaves them as they are where there is no colour. */
export function painter(color: boolean): Paint {
  return (style, text) => (color && style ? styleText(style, text, { validateStream: false }) : text);
}
