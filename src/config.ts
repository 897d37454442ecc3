import { hostname } from 'node:os';
import { type LogLevel, logLevels } from './log.ts';

/** All that the environment says; docs and chart name the variables. */
export interface Config {
  /** Tells this Kubernetes' marks in Ceph and on hosts from those of another. */
  readonly installation: string;
  /** Where the lease is; empty only without leader election. */
  readonly podNamespace: string;
  /** The pod's name, or the machine's. */
  readonly identity: string;
  /** Empty: all namespaces. */
  readonly watchNamespaces: readonly string[];
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'pretty';
  /** An empty host: all addresses. */
  readonly metrics: { readonly host: string; readonly port: number };
  readonly cephLookMs: number;
  readonly hostLookMs: number;
  /** A root folder whose librados and librbd are loaded, instead of the machine's own. */
  readonly cephBrokerRoot?: string;
  readonly leaderElection: boolean;
}

/** What the environment says is wrong, every sentence of it. */
export class InvalidConfig extends Error {
  override readonly name = 'InvalidConfig';
}

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Throws InvalidConfig with one sentence per variable that is missing or wrong. */
export function parseConfig(
  environment: Readonly<Record<string, string | undefined>>,
  options: { readonly isTerminal: boolean },
): Config {
  const complaints: string[] = [];
  const read = (name: string): string | undefined => {
    const value = environment[name]?.trim();
    return value === '' ? undefined : value;
  };
  const refuse = (name: string, value: string, wanted: string) => {
    complaints.push(`${name} is "${value}"; it must be ${wanted}.`);
  };
  const oneOf = <T extends string>(name: string, words: readonly T[], otherwise: T): T => {
    const value = read(name);
    const found = words.find((word) => word === value);
    if (value !== undefined && found === undefined) refuse(name, value, `one of ${words.join(', ')}`);
    return found ?? otherwise;
  };
  const seconds = (name: string, otherwise: number): number => {
    const value = read(name);
    if (value === undefined) return otherwise * 1000;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= 1 && number <= 86_400) return number * 1000;
    refuse(name, value, 'a whole number of seconds from 1 to 86400');
    return otherwise * 1000;
  };

  const installation = read('INSTALLATION');
  if (installation === undefined) {
    complaints.push('INSTALLATION is not set; give this Kubernetes a name that no other one at the same Ceph has.');
  } else if (!dnsLabel.test(installation)) {
    refuse('INSTALLATION', installation, 'at most 63 of a-z, 0-9 and "-", with a letter or digit at both ends');
  }

  const leaderElection = oneOf('LEADER_ELECTION', ['true', 'false'], 'true') === 'true';
  const podNamespace = read('POD_NAMESPACE');
  if (podNamespace === undefined && leaderElection) {
    complaints.push('POD_NAMESPACE is not set; the lease is kept there (or set LEADER_ELECTION to false).');
  } else if (podNamespace !== undefined && !dnsLabel.test(podNamespace)) {
    refuse('POD_NAMESPACE', podNamespace, 'the name of a namespace');
  }

  const watchNamespaces = [...new Set((read('WATCH_NAMESPACES') ?? '').split(',').map((name) => name.trim()))]
    .filter((name) => name !== '')
    .toSorted();
  for (const name of watchNamespaces) {
    if (!dnsLabel.test(name)) refuse('WATCH_NAMESPACES', name, 'names of namespaces, with commas between them');
  }

  const metricsAddress = read('METRICS_ADDRESS') ?? ':8080';
  const metrics = parseAddress(metricsAddress);
  if (metrics === undefined) refuse('METRICS_ADDRESS', metricsAddress, '[host]:port, such as :8080 or 127.0.0.1:9090');

  const cephBrokerRoot = read('CEPH_BROKER_ROOT');
  if (cephBrokerRoot !== undefined && !cephBrokerRoot.startsWith('/')) {
    refuse('CEPH_BROKER_ROOT', cephBrokerRoot, 'an absolute path');
  }

  const config: Config = {
    installation: installation ?? '',
    podNamespace: podNamespace ?? '',
    identity: read('POD_NAME') ?? hostname(),
    watchNamespaces,
    logLevel: oneOf('LOG_LEVEL', logLevels, 'info'),
    logFormat: oneOf('LOG_FORMAT', ['json', 'pretty'], options.isTerminal ? 'pretty' : 'json'),
    metrics: metrics ?? { host: '', port: 0 },
    cephLookMs: seconds('CEPH_LOOK_SECONDS', 60),
    hostLookMs: seconds('HOST_LOOK_SECONDS', 600),
    ...(cephBrokerRoot === undefined ? {} : { cephBrokerRoot }),
    leaderElection,
  };
  if (complaints.length > 0) throw new InvalidConfig(complaints.join('\n'));
  return config;
}

/** `host:port`; the host may be left out, and an IPv6 address stands in brackets. */
function parseAddress(text: string): { host: string; port: number } | undefined {
  const found = /^(?:\[([0-9a-f:.]+)\]|([\w.-]*)):(\d{1,5})$/i.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535) return undefined;
  return { host: found[1] ?? found[2] ?? '', port };
}
