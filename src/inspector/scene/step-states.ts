import { OUTCOMES } from '../../explain/tell/outcomes.ts';
import type { StepState } from '../view/run-view.ts';
import type { Palette } from './palette.ts';

/** How the state of a step is shown: a mark that is readable without colour, the words for it, and its colour. */
interface StateLook {
  readonly mark: string;
  readonly words: string;
  readonly color: keyof Palette;
}

export const STATES: Readonly<Record<StepState, StateLook>> = {
  success: look('success', 'success'),
  failure: look('failure', 'failure'),
  error: look('error', 'failure'),
  timeout: look('timeout', 'timeout'),
  cancellation: look('cancellation', 'cancellation'),
  skip: look('skip', 'skip'),
  unknown: look('unknown', 'unknown'),
  running: { mark: '▸', words: 'running', color: 'running' },
  interrupted: { mark: '↯', words: 'interrupted', color: 'failure' },
  planned: { mark: '○', words: 'planned', color: 'planned' },
  'not started': { mark: '∅', words: 'not started', color: 'planned' },
  'no span': { mark: '?', words: 'no span arrived', color: 'unknown' },
};

/** States of steps that did not end well. */
const WRONG: ReadonlySet<StepState> = new Set(['failure', 'error', 'timeout', 'cancellation', 'interrupted']);

/** Whether somebody who looks for what went wrong looks for this. */
export function isWrong(state: StepState): boolean {
  return WRONG.has(state);
}

function look(outcome: keyof typeof OUTCOMES, color: keyof Palette): StateLook {
  const [mark, words] = OUTCOMES[outcome];
  return { mark, words, color };
}
