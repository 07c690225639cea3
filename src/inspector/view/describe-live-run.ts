import type { Explanation } from '../../explain/explain-run.ts';
import { count, Wording } from '../../explain/format.ts';
import type { StepState, StepView } from './run-view.ts';

const say = new Wording();

/**
 * In a sentence or two, how a run stands whose end has not come. Without times: they would be old when they are read.
 *
 * @param state `silent`: it goes on, and its process is not heard of although it should be
 */
export function describeLiveRun(
  state: 'running' | 'silent' | 'interrupted',
  steps: readonly StepView[],
  explanation: Explanation,
): string {
  const { planned } = explanation.completeness;
  const of = (state: StepState): string =>
    say.names(steps.filter((step) => step.state === state).map((step) => say.step(step)));
  const [running, interrupted] = [of('running'), of('interrupted')];
  const failed = steps.filter((step) => step.state === 'failure' || step.state === 'error' || step.state === 'timeout');
  const done = countEnded(steps, explanation);
  const progress = planned > 0 ? `${done} of ${planned} planned steps ended` : `${count(done, 'step')} ended`;
  const failures =
    failed.length === 0
      ? ''
      : `, ${count(failed.length, 'step')} failed (${say.names(failed.map((step) => say.step(step)))})`;
  if (state === 'interrupted') {
    return `Interrupted: ${tellDeath(interrupted)}; ${progress}${failures}.`;
  }
  const lost = interrupted === '' ? '' : `; the process of ${interrupted} ended`;
  if (state === 'silent') {
    // What started just before was not told any more.
    const next = say.names(readySteps(steps).map((step) => say.step(step)));
    const suspects = [
      ...(running === '' ? [] : [running]),
      ...(next === '' ? [] : [running === '' ? next : `${next} after it`]),
    ];
    const by = suspects.length === 0 ? 'something outside its steps' : suspects.join(', or ');
    return `Does not answer: its process is halted, or kept busy by ${by}; ${progress}${failures}${lost}.`;
  }
  const verb = steps.filter((step) => step.state === 'running').length === 1 ? 'is' : 'are';
  const now = running === '' ? 'no step is running at the moment' : `${running} ${verb} running`;
  return `Running: ${progress}${failures}${lost}; ${now}.`;
}

/** @param running the names of the steps that ran; empty for none */
export function tellDeath(running: string): string {
  return `its process ended${running === '' ? '' : ` while ${running} ran`}`;
}

/** How many planned tools have ended, those that run again not among them; without a plan, how many steps. */
function countEnded(steps: readonly StepView[], { completeness: { planned }, done, notDone }: Explanation): number {
  if (planned === 0) return steps.filter(({ endMs, parent }) => endMs !== undefined && parent === undefined).length;
  const tools = new Set([...done, ...notDone.map(({ toolId }) => toolId)]);
  const last = new Map(steps.flatMap((step) => (tools.has(step.toolId) ? [[step.toolId, step] as const] : [])));
  return [...last.values()].filter(({ endMs }) => endMs !== undefined).length;
}

/** Those that start next: nothing they need has yet to start. */
function readySteps(steps: readonly StepView[]): StepView[] {
  const startsLater = new Set(steps.filter(({ state }) => state === 'planned').map(({ toolId }) => toolId));
  return steps.filter(({ state, dependsOn }) => state === 'planned' && !dependsOn.some((id) => startsLater.has(id)));
}
