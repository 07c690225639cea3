import type { Explanation } from '../../explain/explain-run.ts';
import { count, Wording } from '../../explain/format.ts';
import type { StepView } from './run-view.ts';

const say = new Wording();

/** In a sentence or two, how a run stands whose end has not come. Without times: they would be old when they are read. */
export function describeLiveRun(
  state: 'running' | 'interrupted',
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
  const now =
    running.length === 0 ? 'no step runs at the moment' : `${names} ${running.length === 1 ? 'is' : 'are'} running`;
  return `Goes on: ${progress}${failures}; ${now}.`;
}
