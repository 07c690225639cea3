import { diag, type DiagLogger } from '@opentelemetry/api';

let logger: DiagLogger | undefined;

/** Says that telemetry failed, through OpenTelemetry's `diag`. A logger that throws is not asked again by this call. */
export function warn(message: string, ...details: unknown[]): void {
  try {
    logger ??= diag.createComponentLogger({ namespace: 'orchestrace' });
    logger.warn(message, ...details);
  } catch {
    // Nobody is left to tell.
  }
}

const warned = new Set<string>();

/** Like {@link warn}, once a process for each message. Bounded: after 100 different messages it stays silent. */
export function warnOnce(message: string): void {
  if (warned.has(message) || warned.size >= 100) return;
  warned.add(message);
  warn(message);
}

/** Runs telemetry code. A failure goes to `diag` and never reaches the host. */
export function safely<T>(doing: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    warn(`could not ${doing}`, describe(error));
    return undefined;
  }
}

/** A thrown value as text, whatever it is. */
export function describe(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return 'unknown error';
  }
}
