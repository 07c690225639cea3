import type { Explanation } from '../../explain/explain-run.ts';
import { count, Wording } from '../../explain/format.ts';
import type { StepView } from './run-view.ts';

const say = new Wording();

/**
 * In a sentence or two, how a run stands whose end has not come. Without times: they would be old when they are read.
 *
 * @param state `silent`: it goes on, and its process is not heard of although it should be
 */
export function describeLiveRun(
  state: 'running' | 'silent' | 'interrupted',
  steps: readonly StepView[],
  { completeness: { planned } }: Explanation,
): string {
  const running = steps.filter((step) => step.state === 'running' || step.state === 'interrupted');
  const failed = steps.filter((step) => step.state === 'failure' || step.state === 'error' || step.state === 'timeout');
  const done = steps.filter((step) => step.isPlanned && step.endMs !== undefined).length;
  const names = say.names(running.map((step) => say.step(step)));
  const progress = planned > 0 ? `${done} of ${planned} planned steps ended` : `${count(done, 'step')} ended`;
  const failures =
    failed.length === 0
      ? ''
      : `, ${count(failed.length, 'step')} failed (${say.names(failed.map((step) => say.step(step)))})`;
  if (state === 'interrupted') {
    const during = running.length === 0 ? '' : ` while ${names} ran`;
    return `Interrupted: its process ended${during}; ${progress}${failures}.`;
  }
  if (state === 'silent') {
    // What started just before was not told any more.
    const next = say.names(readySteps(steps).map((step) => say.step(step)));
    const suspects = [
      ...(names === '' ? [] : [names]),
      ...(next === '' ? [] : [names === '' ? next : `${next} after it`]),
    ];
    const by = suspects.length === 0 ? 'something outside its steps' : suspects.join(', or ');
    return `Does not answer: its process is halted, or kept busy by ${by}; ${progress}${failures}.`;
  }
  const now =
    running.length === 0 ? 'no step runs at the moment' : `${names} ${running.length === 1 ? 'is' : 'are'} running`;
  return `Goes on: ${progress}${failures}; ${now}.`;
}

/** Those that start next: nothing they need has yet to start. */
function readySteps(steps: readonly StepView[]): StepView[] {
  const startsLater = new Set(steps.filter(({ state }) => state === 'planned').map(({ toolId }) => toolId));
  return steps.filter(({ state, dependsOn }) => state === 'planned' && !dependsOn.some((id) => startsLater.has(id)));
}
