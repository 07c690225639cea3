import type { JSX } from 'preact';
import { type State, STATES } from '../../scene/step-states.ts';
import { showName } from './texts.ts';

/** What is drawn into a circle of 16; states without a path are an empty circle. */
const PATHS: Partial<Record<State, string>> = {
  success: 'M4.8 8.3l2.2 2.2 4.2-4.6',
  failure: 'M5.5 5.5l5 5m0-5l-5 5',
  error: 'M8 4.2v4.6m0 2.6v.2',
  interrupted: 'M8.9 3.6L6 8.4h4L7.1 12.4',
  timeout: 'M8 4.6V8.2l2.4 1.6',
  cancellation: 'M4.6 8h6.8',
  skip: 'M5.2 5.2l2.8 2.8-2.8 2.8m3.4-5.6l2.8 2.8-2.8 2.8',
  'no span': 'M6.3 6.4a1.8 1.8 0 1 1 2.6 1.6c-.7.4-.9.8-.9 1.3m0 2.2v.2',
  unfinished: 'M8 4.6V8.2l2.4 1.6',
};
/** Those whose circle is filled. */
const FILLED = new Set<State>(['success', 'failure', 'error', 'interrupted', 'timeout', 'cancellation']);

/** The mark of a state. For readers of the screen the words beside it say the same. */
export function Mark({ state }: { readonly state: State }): JSX.Element {
  const isFilled = FILLED.has(state);
  return (
    <svg
      class={`mark ${isFilled ? 'is-filled' : ''} is-${state.replace(' ', '-')} color-${STATES[state].color}`}
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      <circle cx="8" cy="8" r={isFilled ? 7.5 : 6.5} />
      {state === 'running' && <path class="arc" d="M8 1.5a6.5 6.5 0 0 1 6.5 6.5" />}
      {PATHS[state] && <path d={PATHS[state]} />}
    </svg>
  );
}

/** Mark and words. */
export function StateLabel({ state }: { readonly state: State }): JSX.Element {
  return (
    <span class="state-label">
      <Mark state={state} /> {STATES[state].words}
    </span>
  );
}

/** A word and a colour for a strategy. */
export function StrategyBadge({ strategy }: { readonly strategy: string | undefined }): JSX.Element | null {
  if (strategy === undefined) return null;
  const isKnown = strategy === 'parallel' || strategy === 'serial' || strategy === 'dag';
  const name = showName(strategy);
  return (
    <span class={`badge ${isKnown ? `color-${strategy}` : ''}`} title={name}>
      {name}
    </span>
  );
}
