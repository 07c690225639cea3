import { OUTCOMES } from '../../explain/tell/outcomes.ts';
import type { Outcome } from '../../semconv.ts';
import type { RunState, StepState } from '../view/run-view.ts';
import type { Palette } from './palette.ts';

/** How a step, a run or anything else of a run stands, in one word: its outcome, once it has one. */
export type State = StepState | Exclude<RunState, 'ended'>;

/** How a state is shown: a mark that is readable without colour, the words for it, and its colour. */
interface StateLook {
  readonly mark: string;
  readonly words: string;
  readonly color: keyof Palette;
}

export const STATES: Readonly<Record<State, StateLook>> = {
  success: look('success', 'success'),
  failure: look('failure', 'failure'),
  error: look('error', 'failure'),
  timeout: look('timeout', 'timeout'),
  cancellation: look('cancellation', 'cancellation'),
  skip: look('skip', 'skip'),
  unknown: { mark: '·', words: 'no outcome', color: 'unknown' },
  running: { mark: '▸', words: 'running', color: 'running' },
  interrupted: { mark: '↯', words: 'interrupted', color: 'failure' },
  unfinished: { mark: '·', words: 'unfinished', color: 'unknown' },
  planned: { mark: '○', words: 'planned', color: 'planned' },
  'not started': { mark: '∅', words: 'not started', color: 'planned' },
  'no span': { mark: '?', words: 'no span arrived', color: 'unknown' },
};

/** How a run stands. */
export function stateOf({ state, outcome }: { state: RunState; outcome?: Outcome | undefined }): State {
  return state === 'ended' ? (outcome ?? 'unknown') : state;
}

/** States of what did not end well. */
const WRONG: ReadonlySet<State> = new Set(['failure', 'error', 'timeout', 'cancellation', 'interrupted']);

/** Whether somebody who looks for what went wrong looks for this. */
export function isWrong(state: State): boolean {
  return WRONG.has(state);
}

function look(outcome: Outcome, color: keyof Palette): StateLook {
  const [mark, words] = OUTCOMES[outcome];
  return { mark, words, color };
}
