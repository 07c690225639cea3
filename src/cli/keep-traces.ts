import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { openStore } from '../inspector/open-store.ts';
import type { TraceStore } from '../inspector/store.ts';
import { defaultStoreFile } from './default-store.ts';
import { invocation } from './invocation.ts';
import { messageOf, sayFault } from './say-fault.ts';

/** Keeps the spans of a run in the default store. What goes wrong is said once on stderr, and the run goes on. */
export class TraceKeeper implements AsyncDisposable {
  #store: TraceStore | undefined;
  #hasKept = false;

  constructor(env: NodeJS.ProcessEnv) {
    try {
      const file = defaultStoreFile(env);
      if (file !== undefined) this.#store = openStore({ file, createFolder: true });
    } catch (error) {
      sayNotKept(error);
    }
  }

  add(spans: readonly ReceivedSpan[]): void {
    try {
      this.#store?.add(spans);
      this.#hasKept = this.#store !== undefined;
    } catch (error) {
      sayNotKept(error);
      void this.#store?.close();
      this.#store = undefined;
      this.#hasKept = false;
    }
  }

  /** The store that it is kept in. */
  get store(): TraceStore | undefined {
    return this.#hasKept ? this.#store : undefined;
  }

  /** One line for the end of the run; undefined when it was not kept whole. */
  get said(): string | undefined {
    return this.#hasKept ? `Kept; see it again: ${invocation()} report latest` : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store?.close();
  }
}

function sayNotKept(error: unknown): void {
  sayFault(`the trace is not kept: ${messageOf(error)}; ORCHESTRACE_STORE names another place, or is off`);
}
