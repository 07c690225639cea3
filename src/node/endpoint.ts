/** How spans travel. */
export type Protocol = 'http/json' | 'http/protobuf' | 'grpc';

/** Where receivers listen by default; the address, since the name `localhost` may stand for ::1 alone. */
export function defaultEndpoint(protocol: Protocol): string {
  return `http://127.0.0.1:${protocol === 'grpc' ? 4317 : 4318}`;
}

/** Where the traces of a receiver with this base URL go: below `/v1/traces`, which may be there already; over gRPC to the URL itself. */
export function tracesUrl(base: string, protocol: Protocol): string {
  const path = protocol === 'grpc' ? '' : '/v1/traces';
  const trimmed = base.replace(/\/+$/, '');
  return trimmed.endsWith(path) ? trimmed : trimmed + path;
}

export function isHttpUrl(text: unknown): text is string {
  return typeof text === 'string' && /^https?:\/\//i.test(text) && URL.canParse(text);
}

/** A variable of the environment; undefined when it is empty, as OpenTelemetry's specification says. */
export function environmentText(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}
