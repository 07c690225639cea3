import type { ReceivedSpan } from '../explain/read/received-span.ts';
import { openStore } from '../inspector/open-store.ts';
import type { TraceStore } from '../inspector/store.ts';
import { defaultStoreFile } from './default-store.ts';
import { invocation } from './invocation.ts';
import { messageOf, sayFault } from './say-fault.ts';

/** A store and where it is. */
export interface KeptTraces {
  readonly store: TraceStore;
  readonly file: string;
}

/** Keeps the spans of a run in the default store. What goes wrong is said once on stderr, and the run goes on. */
export class TraceKeeper implements AsyncDisposable {
  #kept: KeptTraces | undefined;
  #hasKept = false;

  constructor(env: NodeJS.ProcessEnv) {
    try {
      const file = defaultStoreFile(env);
      if (file !== undefined) this.#kept = { store: openStore({ file, createFolder: true }), file };
    } catch (error) {
      sayNotKept(error);
    }
  }

  add(spans: readonly ReceivedSpan[]): void {
    try {
      this.#kept?.store.add(spans);
      this.#hasKept = this.#kept !== undefined;
    } catch (error) {
      sayNotKept(error);
      void this.#kept?.store.close();
      this.#kept = undefined;
      this.#hasKept = false;
    }
  }

  /** Where it is kept; undefined when it was not kept whole. */
  get kept(): KeptTraces | undefined {
    return this.#hasKept ? this.#kept : undefined;
  }

  /** One line for the end of the run; undefined when it was not kept whole. */
  get said(): string | undefined {
    return this.#hasKept ? `Kept; see it again: ${invocation()} report latest` : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kept?.store.close();
  }
}

function sayNotKept(error: unknown): void {
  sayFault(`the trace is not kept: ${messageOf(error)}; ORCHESTRACE_STORE names another place, or is off`);
}
