import type { Endpoint } from '../../node/diagnose/endpoint.ts';
import type { Finding } from '../../node/diagnose/finding.ts';
import type { Protocol } from '../../node/endpoint.ts';
import type { Sampler } from './sampler.ts';

/** Names the folder where processes leave their reports. */
export const REPORT_FOLDER_VARIABLE = 'ORCHESTRACE_DOCTOR_FOLDER';

/** What a process tells of itself. */
export interface ProcessReport {
  /** Whether a tracer provider was registered at any time. */
  readonly hasProvider: boolean;
  readonly findings: readonly Finding[];
  /** What OpenTelemetry's exporters sent, over gRPC as far as Node tells (24.1): to where, and the last answer, or none. */
  readonly exchanges: readonly Exchange[];
  /** `host:port` of connections that were refused. */
  readonly refused: readonly string[];
  /** Where the environment of the process says that spans go. */
  readonly endpoint: Endpoint | Finding;
  readonly sampler: Sampler | undefined;
}

export interface Exchange {
  readonly url: string;
  readonly protocol: Protocol;
  readonly status: number | undefined;
  readonly contentType?: string | undefined;
}
