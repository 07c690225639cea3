import type { Context } from '@opentelemetry/api';
import type { GroupRecorder } from './group-recorder.ts';
import type { RunRecorder } from './run-recorder.ts';
import type { StepRecorder } from './step-recorder.ts';

/** Where code runs: in which run, in which step of it, in which group that was opened by hand. */
export interface Scope {
  readonly run: RunRecorder | undefined;
  readonly step?: StepRecorder | undefined;
  readonly group?: GroupRecorder | undefined;
}

/** Of this copy of the package alone: another version's recorders are none of ours. */
const SCOPE = Symbol('orchestrace scope');

export function scopeOf(context: Context): Scope | undefined {
  return context.getValue(SCOPE) as Scope | undefined;
}

export function withScope(context: Context, scope: Scope): Context {
  return context.setValue(SCOPE, scope);
}
