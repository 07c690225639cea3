import type { RunList, RunView } from '../view/run-view.ts';

/** Where the page has its data from: the server that gave it, or the file that it was saved in. */
export interface Source {
  runs(): Promise<RunList>;
  run(traceId: string, run: string): Promise<RunView>;
  /** OTLP JSON of a trace; `under`: of this span and all below it alone. */
  spans(traceId: string, under?: string): Promise<OtlpTraces>;
  /** Calls back when something of a trace arrived, and when it is not known what did. Gives how to end it. */
  watch(onChange: (traceId: string | undefined) => void, onState: (isConnected: boolean) => void): () => void;
}

/** OTLP JSON as `encodeTracesJson` writes it. */
export interface OtlpTraces {
  readonly resourceSpans: readonly OtlpResourceSpans[];
}

interface OtlpResourceSpans {
  readonly resource: { readonly attributes?: readonly OtlpKeyValue[] };
  readonly scopeSpans: readonly {
    readonly scope: { readonly name: string; readonly version?: string };
    readonly spans: readonly OtlpSpan[];
  }[];
}

export interface OtlpKeyValue {
  readonly key: string;
  readonly value: unknown;
}

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly OtlpKeyValue[];
  readonly events?: readonly {
    readonly timeUnixNano: string;
    readonly name: string;
    readonly attributes?: readonly OtlpKeyValue[];
  }[];
  readonly links?: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes?: readonly OtlpKeyValue[];
  }[];
  readonly status?: { readonly code: number; readonly message?: string };
}

/** Whether this page is a file that holds its run. */
export const isSavedFile: boolean = document.getElementById('saved-run') !== null;
