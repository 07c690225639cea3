import { Wording } from '../format.ts';
import { hasOneClock } from '../facts.ts';
import { lostStepsOf } from '../facts-of-run.ts';
import type { MeasuredRun } from './measure-run.ts';
import { nameStep } from '../step-name.ts';

const say = new Wording();

/** What of a run cannot be compared, and why: a sentence each. `name` is that of the run in it, e.g. `the run before`. */
export function limitsOf(measured: MeasuredRun, name: string): string[] {
  const { run, totals, analysis, standing } = measured;
  const limits: string[] = [];
  const lost = lostStepsOf(run);
  const open = openSteps(measured);
  if (standing === 'running') limits.push(`${name} is still running: only the steps that have ended are compared`);
  else if (standing)
    limits.push(
      `${name} was interrupted${open === '' ? '' : ` while ${open} ran`}: only the steps that had ended are compared`,
    );
  else if (!run.span) limits.push(`no end of ${name} arrived: durations and critical paths are not compared`);
  else if (open !== '') limits.push(`no end of ${open} of ${name} arrived: critical paths are not compared`);
  else if (lost.length > 0)
    limits.push(`no span of ${say.names(lost.map(nameStep))} of ${name} arrived: critical paths are not compared`);
  else if (totals.criticalPathNs === undefined)
    limits.push(`nothing says what the steps of ${name} need: critical paths are not compared`);
  if (!hasOneClock(analysis.facts))
    limits.push(`steps of ${name} ran by several clocks: starts and waits are not compared`);
  if (!run.plan) limits.push(`${name} has no plan that arrived: plans are not compared`);
  else if (run.plan.error !== undefined) limits.push(`the plan of ${name} is broken: tools of plans are not compared`);
  return limits;
}

/** The names of the steps that have not ended. */
function openSteps({ steps }: MeasuredRun): string {
  return say.names([...steps.values()].filter(({ standing }) => standing).map(nameStep));
}
