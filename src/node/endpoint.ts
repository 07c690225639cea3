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

/** Whether an answer that says success may be that of a receiver: it is of JSON or protobuf, or of nothing. A page takes no spans. */
export function isOtlpAnswer(contentType: string | null | undefined): boolean {
  return !contentType || /json|protobuf/i.test(contentType);
}

/** What an answer is that is not OTLP, in words. */
export function describeType(contentType: string | null | undefined): string {
  return /html/i.test(contentType ?? '') ? 'a web page' : (contentType ?? 'nothing');
}

/** A variable of the environment; undefined when it is empty, as OpenTelemetry's specification says. */
export function environmentText(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}
