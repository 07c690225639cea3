import { styleText } from 'node:util';
import type { Outcome } from '../semconv.ts';

/** Colours, by the names of `util.styleText`. */
export type Style = 'bold' | 'cyan' | 'dim' | 'green' | 'red' | 'yellow';

/** The colour of an outcome. */
export const OUTCOME_STYLES: Readonly<Record<Outcome | 'unknown', Style>> = {
  success: 'green',
  failure: 'red',
  error: 'red',
  timeout: 'red',
  cancellation: 'yellow',
  skip: 'yellow',
  unknown: 'dim',
};

export type Paint = (style: Style | undefined, text: string) => string;

/** Gives texts their style, or leaves them as they are where there is no colour. */
export function painter(color: boolean): Paint {
  return (style, text) => (color && style ? styleText(style, text, { validateStream: false }) : text);
}
