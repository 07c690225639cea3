import { trace, type Context, type Span } from '@opentelemetry/api';
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

/** The context with a span active in it, and a scope. */
export function withSpan(context: Context, span: Span, scope: Scope): Context {
  const unscoped = context instanceof ScopedContext ? context.context : context;
  return new ScopedContext(trace.setSpan(unscoped, span), scope);
}

/** A context with a scope. OpenTelemetry's own copies a map for every value that is set; each step sets one, so this one does not. */
class ScopedContext implements Context {
  /** Without the scope. */
  readonly context: Context;
  readonly #scope: Scope;

  constructor(context: Context, scope: Scope) {
    this.context = context;
    this.#scope = scope;
  }

  getValue(key: symbol): unknown {
    return key === SCOPE ? this.#scope : this.context.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new ScopedContext(this.context.setValue(key, value), this.#scope);
  }

  deleteValue(key: symbol): Context {
    return new ScopedContext(this.context.deleteValue(key), this.#scope);
  }
}
