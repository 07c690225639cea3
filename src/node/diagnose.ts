import { headersFrom, resolveEndpoint } from './diagnose/endpoint.ts';
import { examineApi } from './diagnose/examine-api.ts';
import { type Diagnosis, diagnosisOf } from './diagnose/finding.ts';
import { probeEndpoint } from './diagnose/probe-endpoint.ts';
import type { Protocol } from './endpoint.ts';

/** Options of {@link diagnose}: those of `startTracing`, where they were given there. */
export interface DiagnoseOptions {
  /** Base URL of the receiver. Environment and default as for `startTracing`. */
  endpoint?: string | undefined;
  protocol?: Protocol | undefined;
  /** Sent with the question. OTEL_EXPORTER_OTLP_HEADERS are sent too. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** How long the receiver may take to answer, in milliseconds. Default 3000. */
  timeoutMs?: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 3000;

/**
 * Finds out why no spans arrive: looks at what is registered in this process, and sends the receiver a request without spans. Never rejects.
 *
 * @example
 * const { ok, findings } = await diagnose();
 * for (const { message, fix } of findings) console.error(`${message}\n  fix: ${fix}`);
 */
export async function diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const findings = examineApi();
  const endpoint = resolveEndpoint(options, process.env);
  if ('code' in endpoint) return diagnosisOf([...findings, endpoint]);
  const headers = { ...headersFrom(process.env), ...options.headers };
  const finding = await probeEndpoint(endpoint, { headers, timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS });
  return diagnosisOf(finding ? [...findings, finding] : findings);
}
