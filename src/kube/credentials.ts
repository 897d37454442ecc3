import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';

/** How to reach the API server at this moment. */
export interface Access {
  /** `https://host:port`, possibly with a path, without a trailing slash. */
  readonly server: string;
  readonly dispatcher: Dispatcher;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Credentials {
  access(): Promise<Access>;
  /** Reads token and certificates anew at the next call: the server refused them. */
  forget(): void;
  close(): Promise<void>;
}

/** Tokens rotate on disk; the kubeconfig's own readers are asked again this often. */
const freshForMs = 10_000;

/**
 * Takes server, token and certificates from the kubeconfig, and keeps one Agent for all calls: the client library
 * would open a TLS connection for each. The Agent is made anew only when the certificates changed.
 */
export function createCredentials(kubeConfig: KubeConfig): Credentials {
  let current: Promise<Access> | undefined;
  let readAt = 0;
  let agent: { readonly dispatcher: Dispatcher; readonly tls: string } | undefined;

  async function read(): Promise<Access> {
    const cluster = kubeConfig.getCurrentCluster();
    if (cluster === null) {
      throw new Error('Cannot reach Kubernetes: the kubeconfig names no current cluster; set its current-context.');
    }
    const options: RequestOptions & { servername?: string } = { headers: {} };
    await kubeConfig.applyToHTTPSOptions(options);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value);
    if (typeof options.auth === 'string') {
      headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    }
    const tls = {
      ca: options.ca,
      cert: options.cert,
      key: options.key,
      rejectUnauthorized: options.rejectUnauthorized,
      servername: options.servername,
    };
    const same = JSON.stringify([cluster.server, cluster.proxyUrl, Object.values(tls).map(String)]);
    if (agent?.tls !== same) {
      // What still runs on the old Agent may end; nothing waits for it.
      agent?.dispatcher.close().catch(() => undefined);
      agent = { dispatcher: createAgent(cluster.proxyUrl, definedOnly(tls)), tls: same };
    }
    return { server: cluster.server.replace(/\/+$/, ''), dispatcher: agent.dispatcher, headers };
  }

  return {
    access() {
      const now = performance.now();
      if (current === undefined || now - readAt > freshForMs) {
        readAt = now;
        const reading = read();
        current = reading;
        reading.catch(() => {
          if (current === reading) current = undefined;
        });
      }
      return current;
    },
    forget() {
      current = undefined;
    },
    async close() {
      await agent?.dispatcher.destroy();
    },
  };
}

/** HTTP/1.1 only: over HTTP/2 one stuck connection would hold up every watch and call. */
function createAgent(proxyUrl: string | undefined, tls: Readonly<Record<string, unknown>>): Dispatcher {
  const options = {
    allowH2: false,
    headersTimeout: 30_000,
    bodyTimeout: 60_000,
    keepAliveTimeout: 30_000,
    connect: { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 30_000 },
  };
  if (proxyUrl === undefined) return new Agent(options);
  if (!/^https?:/.test(proxyUrl)) {
    throw new Error(`Cannot reach Kubernetes through the proxy "${proxyUrl}": only http and https proxies work.`);
  }
  return new ProxyAgent({ ...options, uri: proxyUrl, requestTls: tls });
}

function definedOnly(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
