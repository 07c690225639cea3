import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A file of the repository, by its path from the root. */
export const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Where the Collector takes OTLP, by HTTP and by gRPC, and where Jaeger is read. */
interface Stack {
  readonly otlpUrl: string;
  readonly grpcUrl: string;
  readonly jaegerUrl: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Undefined when there is no Docker engine. */
    stack: Stack | undefined;
  }
}

/** Says why the containers cannot be started: no engine, or no images. Undefined when they can. Fetches the images. */
export async function whyNoStack(): Promise<string | undefined> {
  for (const args of [
    ['info', '--format', '{{.ServerVersion}}'],
    ['compose', 'version'],
  ]) {
    const why = await whyFailed(args, 20_000);
    if (why !== undefined) return `"docker ${args[0]}" does not answer (${why})`;
  }
  for (const image of [imageOf('jaeger'), imageOf('otel-collector')]) {
    if ((await whyFailed(['image', 'inspect', image], 20_000)) === undefined) continue;
    const why = await whyFailed(['pull', '--quiet', image], 300_000);
    if (why !== undefined) return `the image ${image} cannot be fetched (${why})`;
  }
}

async function whyFailed(args: readonly string[], timeout: number): Promise<string | undefined> {
  try {
    await run('docker', args, { timeout });
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    return code === 'ENOENT' ? 'there is no docker' : stderr?.trim().split('\n').at(-1) || String(code);
  }
}

/**
 * The image of a service of docker-compose.yml, with its variables filled in: what is tested is what people get.
 *
 * @throws {Error} the service has none
 */
export function imageOf(service: string): string {
  const compose = readFileSync(fileOf('docker-compose.yml'), 'utf8');
  const image = new RegExp(`^  ${service}:\\n    image: (\\S+)$`, 'm').exec(compose)?.[1];
  if (image === undefined) throw new Error(`docker-compose.yml has no image for ${service}`);
  return image.replace(/\$\{(\w+):-([^}]*)\}/g, (_, name: string, byDefault: string) => process.env[name] || byDefault);
}
