import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PlanInput } from '../../src/index.ts';
import type { Call, Order } from './steered-child.ts';

const CHILD = fileURLToPath(new URL('steered-child.ts', import.meta.url));

/** A run of a process of its own, each step of which ends when and as a test says. Disposing of it kills the process. */
export class SteeredRun implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  readonly #calls: Call[] = [];
  #onCall: () => void = () => {};

  /** @param url of the Inspector that is told of it */
  constructor(url: string, plan: PlanInput) {
    this.#child = fork(CHILD, [url, JSON.stringify(plan)], {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#exit = once(this.#child, 'exit');
    this.#child.on('message', (call) => {
      this.#calls.push(call as Call);
      this.#onCall();
    });
  }

  /** Waits until a tool was called for so many times, by the number of the attempt. */
  async started(toolId: string, attempt = 1): Promise<void> {
    while (!this.#calls.some((call) => call.toolId === toolId && call.attempt === attempt))
      await new Promise<void>((resolve) => (this.#onCall = resolve));
  }

  /** Ends a step that has started, as it is told. */
  tell(toolId: string, does: Order['does'] = 'return', message?: string): void {
    this.#child.send({ toolId, does, ...(message !== undefined && { message }) } satisfies Order);
  }

  /** Ends steps one after the other, as soon as each has started. */
  async finish(...toolIds: readonly string[]): Promise<void> {
    for (const toolId of toolIds) {
      await this.started(toolId);
      this.tell(toolId);
    }
  }

  /** Waits until it has ended by itself, with its trace sent. */
  async ended(): Promise<void> {
    await this.#exit;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
