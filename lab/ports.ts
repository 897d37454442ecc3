import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * TCP ports that nobody listens on at `address` (default 127.0.0.1). They lie below the range from which the kernel takes
 * the ports of outgoing connections, so none of those comes in between.
 */
export async function freePorts(count: number, address = '127.0.0.1'): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port, address)) ports.add(port);
  }
  return [...ports];
}

/** Whether nobody listens on a port. */
export function isFree(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}
