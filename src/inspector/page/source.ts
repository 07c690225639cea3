import type { CompareView } from '../view/compare-view.ts';
import type { RunList, RunRef, RunView } from '../view/run-view.ts';
import { FileSource } from './file-source.ts';
import type { OtlpTraces } from './otlp-json.ts';
import { ServerSource } from './server-source.ts';

/** Where the page has its data from: the server that gave it, or the file that it was saved in. What fails says what to do. */
export interface Source {
  session(): Promise<Session>;
  runs(): Promise<RunList>;
  run(traceId: string, run: string): Promise<RunView>;
  /** @param other `last-success` or empty, `median:20`, or a run as `<trace id>.<its span id>` */
  compare(traceId: string, run: string, other: string): Promise<CompareView>;
  /** OTLP JSON of a trace; `under`: of this span and all below it at least. */
  spans(traceId: string, under?: string): Promise<OtlpTraces>;
  /** Takes the spans of a trace file. */
  importTraces(text: string): Promise<Imported>;
  /** Removes a trace for good. */
  remove(traceId: string): Promise<void>;
  /** Calls back when something of a trace arrived, and when it is not known what did. Gives how to end it. */
  watch(onChange: (traceId: string | undefined) => void, onState: (isConnected: boolean) => void): () => void;
}

export interface Session {
  readonly version: string;
  /** Other places that have the trace; `{trace_id}` in an address stands for its id. */
  readonly links: readonly { readonly name: string; readonly url: string }[];
  /** Has to be sent with what changes something. */
  readonly token: string;
  /** Where traces are kept, in words. */
  readonly storeName: string;
}

export interface Imported {
  readonly spans: number;
  /** What could not be read, a sentence each. */
  readonly faults: readonly string[];
  readonly runs: readonly RunRef[];
}

/** Whether this page is a file that holds its run. */
export const isSavedFile: boolean = document.getElementById('saved-run') !== null;

export const source: Source = isSavedFile ? new FileSource() : new ServerSource();
