import type { Context } from '@opentelemetry/api';
import type { ExecutionPlanTrace } from '../plan-trace.ts';
import { GroupRecorder } from './group-recorder.ts';
import type { Telemetry } from './telemetry.ts';

/** The groups of a run: those of its plan, or without one those that its steps form. */
export class RunGroups {
  readonly #telemetry: Telemetry;
  readonly #plan: ExecutionPlanTrace | undefined;
  /** Context of the run, under which every group is. */
  readonly #parent: Context;
  readonly #latest = new Map<number, GroupRecorder>();
  /** Number of tools of each planned group that have not settled. */
  readonly #unsettled: number[];
  #formed = 0;
  #current: GroupRecorder | undefined;

  constructor(telemetry: Telemetry, plan: ExecutionPlanTrace | undefined, parent: Context) {
    this.#telemetry = telemetry;
    this.#plan = plan;
    this.#parent = parent;
    this.#unsettled = plan?.execution_groups.map((group) => group.tools.length) ?? [];
  }

  /** The group of the plan with this index, opened if need be; opened again where it comes again, as in a loop. */
  planned(index: number): GroupRecorder {
    const latest = this.#latest.get(index);
    if (latest?.isOpen) return latest;
    const tools = this.#plan?.execution_groups[index]?.tools ?? [];
    const toolIds = tools.map((tool) => tool.tool_id);
    const dependencyGroups = tools[0]?.dependency_groups ?? [];
    const strategy = this.#plan?.strategy;
    return this.#add(GroupRecorder.open(this.#telemetry, { index, toolIds, dependencyGroups, strategy }, this.#parent));
  }

  /** Without a plan: the group that is open, else the next. Never one that was opened by hand. */
  current(): GroupRecorder {
    return this.#current?.isJoinable ? this.#current : (this.#current = this.next());
  }

  /** Without a plan: the next group. */
  next(): GroupRecorder {
    return this.#add(GroupRecorder.open(this.#telemetry, { index: this.#formed++, strategy: undefined }, this.#parent));
  }

  /** Takes a group in that another process leads. */
  adopt(index: number): void {
    this.#add(GroupRecorder.remote(this.#telemetry, index, this.#parent));
    this.#unsettled[index] = Infinity;
  }

  /** Notes that a planned tool has settled for the first time. */
  settle(index: number): void {
    this.#unsettled[index]!--;
    const group = this.#latest.get(index);
    if (group) this.endIfDone(group);
  }

  /** Ends a group once none of its steps runs and none of its planned tools is to come. */
  endIfDone(group: GroupRecorder): void {
    if (group.isQuiet && !(this.#unsettled[group.index]! > 0)) group.end();
  }

  endAll(): void {
    for (const group of this.#latest.values()) group.end();
  }

  #add(group: GroupRecorder): GroupRecorder {
    this.#latest.set(group.index, group);
    return group;
  }
}
