/** Codes of the errors that this package throws. Stable: programs may compare them. */
export type ErrorCode =
  | 'PLAN_INVALID'
  | 'PLAN_CYCLE'
  | 'REFERENCE_INVALID'
  | 'RUN_INVALID'
  | 'USAGE_INVALID'
  | 'PEER_MISSING';

/** Most faults that the message of an error spells out. */
const MAX_SHOWN = 20;

const MARKER = Symbol.for('orchestrace.error');

/** Base of all errors of this package. Telemetry never throws one: only parsing, constructing and running do. */
export class OrchestraceError extends Error {
  override readonly name: string = 'OrchestraceError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, MARKER, { value: true });
  }

  /** Like `instanceof`, but true across two installed copies of this package as well. */
  static isInstance(value: unknown): value is OrchestraceError {
    return value instanceof Error && Reflect.get(value, MARKER) === true;
  }
}

/** One fault of a plan. */
export interface PlanIssue {
  /** Where it is, e.g. `tools[2].depends_on[0]`; empty for the plan as a whole. */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
  /** Structural faults spoil grouping; mapping faults only the flow of data; shape faults are wrong types. */
  readonly kind: 'shape' | 'structure' | 'mapping';
}

/** A plan that cannot be used. Names every fault at once. `code` is `PLAN_CYCLE` when a cycle is among them, else `PLAN_INVALID`. */
export class PlanError extends OrchestraceError {
  override readonly name: string = 'PlanError';
  /** All faults, in the plan's order. */
  readonly issues: readonly PlanIssue[];
  /** The ids on one cycle, in order, the first not repeated; absent without a cycle. */
  readonly cycle?: readonly string[];

  constructor(issues: readonly PlanIssue[], cycle?: readonly string[]) {
    const text = issues
      .slice(0, MAX_SHOWN)
      .map((issue) => (issue.path ? `${issue.path}: ${issue.message}` : issue.message));
    if (issues.length > MAX_SHOWN) text.push(`and ${issues.length - MAX_SHOWN} more, see issues`);
    const head = issues.length === 1 ? 'invalid plan: ' : `invalid plan, ${issues.length} faults:\n  `;
    super(cycle ? 'PLAN_CYCLE' : 'PLAN_INVALID', head + text.join('\n  '));
    this.issues = issues;
    if (cycle) this.cycle = cycle;
  }

  static override isInstance(value: unknown): value is PlanError {
    return OrchestraceError.isInstance(value) && (value.code === 'PLAN_INVALID' || value.code === 'PLAN_CYCLE');
  }
}
