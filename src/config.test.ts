import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from './config.ts';

const least = { INSTALLATION: 'prod', POD_NAMESPACE: 'ceph-openstack', POD_NAME: 'operator-0' };
const parse = (environment: Record<string, string>) => parseConfig(environment, { isTerminal: false });

test('parseConfig() fills in everything but the installation and the namespace', () => {
  assert.deepEqual(parse(least), {
    installation: 'prod',
    podNamespace: 'ceph-openstack',
    identity: 'operator-0',
    watchNamespaces: [],
    logLevel: 'info',
    logFormat: 'json',
    metrics: { host: '', port: 8080 },
    cephLookMs: 60_000,
    hostLookMs: 600_000,
    leaderElection: true,
  });
});

test('parseConfig() takes everything that can be said', () => {
  const config = parse({
    ...least,
    WATCH_NAMESPACES: ' b, a,,b ',
    LOG_LEVEL: 'debug',
    LOG_FORMAT: 'pretty',
    METRICS_ADDRESS: '[::1]:9090',
    CEPH_LOOK_SECONDS: '5',
    HOST_LOOK_SECONDS: '30',
    CEPH_BROKER_ROOT: '/opt/ceph',
    LEADER_ELECTION: 'false',
  });
  assert.deepEqual(config.watchNamespaces, ['a', 'b']);
  assert.deepEqual(config.metrics, { host: '::1', port: 9090 });
  assert.deepEqual([config.cephLookMs, config.hostLookMs], [5_000, 30_000]);
  assert.deepEqual([config.logLevel, config.logFormat], ['debug', 'pretty']);
  assert.deepEqual([config.cephBrokerRoot, config.leaderElection], ['/opt/ceph', false]);
});

test('parseConfig() prints for people at a terminal', () => {
  assert.equal(parseConfig(least, { isTerminal: true }).logFormat, 'pretty');
});

const refused: [Record<string, string>, RegExp][] = [
  [{ INSTALLATION: '' }, /^INSTALLATION is not set; give this Kubernetes a name/],
  [{ INSTALLATION: 'Prod.1' }, /^INSTALLATION is "Prod\.1"; it must be at most 63 of a-z/],
  [{ POD_NAMESPACE: '' }, /^POD_NAMESPACE is not set; the lease is kept there/],
  [{ POD_NAMESPACE: '../x' }, /^POD_NAMESPACE is "\.\.\/x"; it must be the name of a namespace\.$/],
  [{ WATCH_NAMESPACES: 'a,B' }, /^WATCH_NAMESPACES is "B"; it must be names of namespaces/],
  [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL is "loud"; it must be one of debug, info, warn, error\.$/],
  [{ LOG_FORMAT: 'xml' }, /^LOG_FORMAT is "xml"; it must be one of json, pretty\.$/],
  [{ METRICS_ADDRESS: '8080' }, /^METRICS_ADDRESS is "8080"; it must be \[host\]:port/],
  [{ METRICS_ADDRESS: ':99999' }, /^METRICS_ADDRESS is ":99999"/],
  [{ CEPH_LOOK_SECONDS: '0' }, /^CEPH_LOOK_SECONDS is "0"; it must be a whole number of seconds/],
  [{ HOST_LOOK_SECONDS: '1.5' }, /^HOST_LOOK_SECONDS is "1\.5"/],
  [{ CEPH_BROKER_ROOT: 'opt' }, /^CEPH_BROKER_ROOT is "opt"; it must be an absolute path\.$/],
  [{ LEADER_ELECTION: 'yes' }, /^LEADER_ELECTION is "yes"; it must be one of true, false\.$/],
];
for (const [change, message] of refused) {
  test(`parseConfig() refuses ${JSON.stringify(change)}`, () => {
    assert.throws(() => parse({ ...least, ...change }), { name: 'InvalidConfig', message });
  });
}

test('parseConfig() tells all that is wrong at once', () => {
  assert.throws(
    () => parse({ LOG_LEVEL: 'x' }),
    (error) => (error as Error).message.split('\n').length === 3,
  );
});

const root = join(import.meta.dirname, '..');
const documented = [
  ...readFileSync(join(root, 'docs', 'reference', 'environment.md'), 'utf8').matchAll(
    /^\| `([A-Z_]+)` \| (.+?) \| .+? \| (?:`(.+)` )?\|$/gm,
  ),
].map(([, name = '', byDefault = '', value]) => ({ name, byDefault, value }));

test('docs/reference/environment.md has every variable that is read, and its default', () => {
  const read = new Set<string>();
  const environment = new Proxy<Record<string, string>>(least, {
    get: (target, name) => {
      read.add(String(name));
      return target[String(name)];
    },
  });
  parse(environment);
  assert.deepEqual(documented.map(({ name }) => name).sort(), [...read].sort());
  for (const { name, byDefault } of documented) {
    const [, value] = /^`(.+?)`/.exec(byDefault) ?? [];
    if (value !== undefined) assert.deepEqual(parse({ ...least, [name]: value }), parse(least), name);
    else if (byDefault === '*required*') assert.throws(() => parse({ ...least, [name]: '' }), new RegExp(name));
  }
});

test('docs/reference/environment.md names the value of the chart that says a variable', () => {
  const template = readFileSync(join(root, 'charts/ceph-openstack-operator/templates/deployment.yaml'), 'utf8');
  const set = new Map(
    [...template.matchAll(/\{name: ([A-Z_]+), value: .*?\.Values\.([\w.]+).* \}/g)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
  for (const { name, value } of documented) assert.equal(set.get(name), value, name);
});
