import { defaultEndpoint, environmentText as read, isHttpUrl, tracesUrl, type Protocol } from '../endpoint.ts';
import type { Finding } from './finding.ts';

/** Where spans are sent, and how. */
export interface Endpoint {
  readonly url: string;
  readonly protocol: Protocol;
  /** What says so, e.g. `OTEL_EXPORTER_OTLP_ENDPOINT`; undefined for the default. */
  readonly source: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Decides the endpoint as `startTracing` does: option, environment, default. */
export function resolveEndpoint(
  options: { readonly endpoint?: string | undefined; readonly protocol?: Protocol | undefined },
  env: Environment,
): Endpoint | Finding {
  const named =
    options.protocol ?? read(env, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? read(env, 'OTEL_EXPORTER_OTLP_PROTOCOL');
  const protocol = named === 'grpc' || named === 'http/protobuf' ? named : 'http/json';
  const [source, text] = firstOf([
    ['endpoint', options.endpoint || undefined],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', read(env, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', read(env, 'OTEL_EXPORTER_OTLP_ENDPOINT')],
  ]);
  const base = text ?? defaultEndpoint(protocol);
  if (!isHttpUrl(base)) {
    return {
      code: 'ENDPOINT_INVALID',
      message: `${source} is not a URL: ${JSON.stringify(base)}`,
      fix: 'give a base URL with http:// or https://, such as http://127.0.0.1:4318',
    };
  }
  const isWhole = source === 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  return { url: isWhole ? base : tracesUrl(base, protocol), protocol, source };
}

/** The headers of OTEL_EXPORTER_OTLP_HEADERS: `key=value,key=value`, values percent-encoded, as OpenTelemetry's specification says. */
export function headersFrom(env: Environment): Record<string, string> {
  const text = read(env, 'OTEL_EXPORTER_OTLP_TRACES_HEADERS') ?? read(env, 'OTEL_EXPORTER_OTLP_HEADERS') ?? '';
  const pairs = text.split(',').map((pair) => pair.split(/=(.*)/s, 2).map((part) => part.trim()));
  return Object.fromEntries(pairs.filter(([key]) => key).map(([key = '', value = '']) => [key, decode(value)]));
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function firstOf(
  sources: readonly (readonly [string, string | undefined])[],
): readonly [string | undefined, string | undefined] {
  return sources.find(([, text]) => text !== undefined) ?? [undefined, undefined];
}
