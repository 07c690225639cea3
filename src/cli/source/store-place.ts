import { existsSync } from 'node:fs';
import { openStore } from '../../inspector/open-store.ts';
import type { TraceStore } from '../../inspector/store.ts';
import type { Place, RecentTrace } from './place.ts';

/** A store in a file. */
export class StorePlace implements Place {
  readonly name: string;
  readonly #store: TraceStore;

  private constructor(file: string, store: TraceStore) {
    this.name = `the store ${file}`;
    this.#store = store;
  }

  /**
   * Opens a store to read from it. One that is not there is not made.
   *
   * @returns undefined when there is no such file
   * @throws {OrchestraceError} code `USAGE_INVALID`: it cannot be used
   */
  static open(file: string): StorePlace | undefined {
    return existsSync(file) ? new StorePlace(file, openStore({ file })) : undefined;
  }

  trace(traceId: string): ReturnType<Place['trace']> {
    return Promise.resolve(this.#store.trace(traceId));
  }

  idsFrom(prefix: string): Promise<readonly string[]> {
    return Promise.resolve(this.#store.list().flatMap(({ traceId }) => (traceId.startsWith(prefix) ? traceId : [])));
  }

  recent(plan: string | undefined): Promise<readonly RecentTrace[]> {
    return Promise.resolve(
      this.#store.list({ plan }).map(({ traceId, startNs, runs }) => ({
        traceId,
        startNs,
        planNames: runs.flatMap(({ planName }) => planName ?? []),
      })),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#store.close();
  }
}
