/** The stack of docker-compose.yml. */
const COMPOSE_HEALTH_URL = 'http://127.0.0.1:13133';
const COMPOSE_ENDPOINT = 'http://127.0.0.1:4318';
const JAEGER_URL = 'http://127.0.0.1:16686';
const PROBE_TIMEOUT_MS = 300;
const SEND_TIMEOUT_MS = 5_000;

/**
 * Where traces go as well: what OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT says, else the compose stack if it
 * answers within 0.3 s.
 *
 * @returns the URL to post to, or undefined
 */
export async function findDestination(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const traces = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']?.trim();
  if (traces) return traces;
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT']?.trim() || ((await composeAnswers()) ? COMPOSE_ENDPOINT : undefined);
  return base && `${base.replace(/\/+$/, '')}/v1/traces`;
}

async function composeAnswers(): Promise<boolean> {
  return fetch(COMPOSE_HEALTH_URL, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );
}

/** Page of a trace in Jaeger; ORCHESTRACE_JAEGER_URL names another Jaeger than that of the compose stack. */
export function jaegerLink(traceId: string, env: NodeJS.ProcessEnv): string {
  return `${(env['ORCHESTRACE_JAEGER_URL']?.trim() || JAEGER_URL).replace(/\/+$/, '')}/trace/${traceId}`;
}

/**
 * Posts OTLP requests one after the other, with the headers of OTEL_EXPORTER_OTLP_HEADERS.
 *
 * @returns why it failed; undefined when all were taken
 */
export async function sendOn(
  requests: readonly Buffer[],
  url: string,
  env: NodeJS.ProcessEnv,
  interrupt: AbortSignal,
): Promise<string | undefined> {
  try {
    const headers = { ...headersOf(env), 'Content-Type': 'application/json' };
    for (const body of requests) {
      const signal = AbortSignal.any([interrupt, AbortSignal.timeout(SEND_TIMEOUT_MS)]);
      const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body), signal });
      await response.body?.cancel();
      if (!response.ok) return `it answered ${response.status}${response.status === 415 ? ': it takes no JSON' : ''}`;
    }
    return undefined;
  } catch (error) {
    const { cause = error } = error as Error;
    return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);
  }
}

/** `key=value,key=value`, values percent-encoded, as OpenTelemetry's specification says. */
function headersOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const text = env['OTEL_EXPORTER_OTLP_TRACES_HEADERS'] ?? env['OTEL_EXPORTER_OTLP_HEADERS'] ?? '';
  const pairs = text.split(',').map((pair) => pair.split(/=(.*)/s, 2).map((part) => part.trim()));
  return Object.fromEntries(
    pairs.filter(([key]) => key).map(([key = '', value = '']) => [key, decodeURIComponent(value)]),
  );
}
