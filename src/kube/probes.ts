import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeScrape, registry } from '../metrics.ts';

export interface Probes extends AsyncDisposable {
  readonly port: number;
}

/**
 * Serves `/healthz` (this process still answers), `/readyz` (200, or 503 with the sentences that `unready` gives)
 * and `/metrics`. A replica that stands by is ready too. A lost API server is no reason to restart the process.
 */
export async function startProbes(
  address: { readonly host: string; readonly port: number },
  unready: () => readonly string[],
): Promise<Probes> {
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/healthz') return response.end('ok\n');
    if (path === '/readyz') {
      const reasons = unready();
      response.statusCode = reasons.length === 0 ? 200 : 503;
      return response.end(reasons.length === 0 ? 'ok\n' : `${reasons.join('\n')}\n`);
    }
    if (path === '/metrics') {
      for (const measure of beforeScrape) measure();
      response.setHeader('content-type', registry.contentType);
      return response.end(await registry.metrics());
    }
    response.statusCode = 404;
    return response.end('Only /healthz, /readyz and /metrics are here.\n');
  });
  server.requestTimeout = 10_000;
  server.listen(address.port, address.host === '' ? undefined : address.host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw new Error(
      `Cannot serve probes and metrics at ${address.host}:${address.port} (${code}); set METRICS_ADDRESS to a free one.`,
      { cause },
    );
  }
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
