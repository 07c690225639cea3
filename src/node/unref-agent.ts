import type { Agent } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Makes connections that do not keep the process: a receiver that never answers would, for as long as the exporter waits. A flush keeps it, but not longer
 * than it may take. Loaded late, so that instrumentations of HTTP come first.
 */
export async function createUnrefAgent(protocol: string): Promise<Agent> {
  const { Agent: Base }: { Agent: typeof Agent } =
    protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new (class extends Base {
    override createConnection(...args: Parameters<Agent['createConnection']>): ReturnType<Agent['createConnection']> {
      const socket = super.createConnection(...args);
      (socket as Socket | undefined)?.unref();
      return socket;
    }

    override reuseSocket(...args: Parameters<Agent['reuseSocket']>): void {
      super.reuseSocket(...args);
      (args[0] as Socket).unref();
    }
  })({ keepAlive: true });
}
