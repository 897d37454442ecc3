import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { eventually } from '../../lab/eventually.ts';
import { freePorts } from '../../lab/ports.ts';
import { startToyLab, type ToyLab } from './kube-toy.ts';

let lab: ToyLab;
before(async () => {
  lab = await startToyLab('kube-leader');
});
after(() => lab[Symbol.asyncDispose]());

interface Replica extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly port: number;
  output(): string;
  /** The exit code; null when it was killed. */
  readonly exited: Promise<number | null>;
}

/** The shipped program, as a pod of that name would run it. */
async function startReplica(name: string, environment: Readonly<Record<string, string>> = {}): Promise<Replica> {
  const [port] = await freePorts(1);
  assert.ok(port !== undefined);
  const child = spawn(process.execPath, ['src/main.ts'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      KUBECONFIG: lab.kubeconfig,
      INSTALLATION: 'test',
      POD_NAMESPACE: 'openstack',
      POD_NAME: name,
      METRICS_ADDRESS: `127.0.0.1:${port}`,
      LOG_FORMAT: 'json',
      ...environment,
    },
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => void output.push(String(chunk)));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return {
    process: child,
    port,
    output: () => output.join(''),
    exited,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function holder(): Promise<string> {
  const path = ['-o', 'jsonpath={.spec.holderIdentity}'];
  return lab.kube.kubectl([
    'get',
    'lease',
    'ceph-openstack-operator',
    '-n',
    'openstack',
    '--ignore-not-found',
    ...path,
  ]);
}
const leads = (name: string, timeoutMs = 30_000) =>
  eventually(async () => assert.match(await holder(), new RegExp(`^${name}_`)), { timeoutMs });
const get = async (replica: Replica, path: string) => {
  const response = await fetch(`http://127.0.0.1:${replica.port}${path}`);
  return { status: response.status, text: await response.text() };
};

test('two replicas: one leads, both are ready; the leader killed, the other goes on within the lease time', async () => {
  await using first = await startReplica('first');
  await leads('first');
  await using second = await startReplica('second');
  await eventually(async () => assert.equal((await get(second, '/readyz')).status, 200));
  assert.match(
    (await get(first, '/metrics')).text,
    /^leader_election_master_status\{name="ceph-openstack-operator"\} 1$/m,
  );
  assert.match(
    (await get(second, '/metrics')).text,
    /^leader_election_master_status\{name="ceph-openstack-operator"\} 0$/m,
  );
  // Whoever stands by has the same caches, and tells nothing of them.
  const tellsOfObjects = async (replica: Replica) =>
    /^cephopenstack_objects\{/m.test((await get(replica, '/metrics')).text);
  assert.deepEqual([await tellsOfObjects(first), await tellsOfObjects(second)], [true, false]);
  assert.match(await holder(), /^first_/);
  const killedAt = performance.now();
  first.process.kill('SIGKILL');
  await leads('second');
  assert.ok(performance.now() - killedAt < 22_000);
  assert.match(
    (await get(second, '/metrics')).text,
    /^leader_election_master_status\{name="ceph-openstack-operator"\} 1$/m,
  );
  await eventually(async () => assert.ok(await tellsOfObjects(second)));
});

test('a leader that is asked to stop gives the lease back and ends with code 0', async () => {
  await using first = await startReplica('asked');
  await leads('asked');
  await using second = await startReplica('heir');
  await eventually(async () => assert.equal((await get(second, '/readyz')).status, 200));
  first.process.kill('SIGTERM');
  assert.equal(await first.exited, 0);
  await leads('heir', 8_000);
});

test('a leader that cannot renew stops its work and ends with a code other than 0', async () => {
  await using replica = await startReplica('cut-off');
  await leads('cut-off');
  await eventually(async () => assert.equal((await get(replica, '/readyz')).status, 200));
  using _ = lab.proxy.inject({ kind: 'half-open' }, { match: ({ url }) => url.includes('/leases') });
  const startedAt = performance.now();
  assert.equal(await replica.exited, 1);
  // Before any other could have taken the lease.
  assert.ok(performance.now() - startedAt < 14_000);
  assert.match(replica.output(), /The lease was lost/);
});

test('a lost API server ends no process that needs no lease, however long it is away', async () => {
  await using replica = await startReplica('lasting', { LEADER_ELECTION: 'false' });
  await eventually(async () => assert.equal((await get(replica, '/readyz')).status, 200));
  await lab.kube.restartApiServer();
  lab.proxy.dropAll();
  await eventually(async () => {
    assert.match((await get(replica, '/metrics')).text, /^cephopenstack_watch_restarts_total\{[^}]*\} [1-9]/m);
  });
  assert.equal((await get(replica, '/healthz')).status, 200);
  // Alone it leads without asking.
  assert.match((await get(replica, '/metrics')).text, /^leader_election_master_status\{[^}]*\} 1$/m);
  assert.equal(replica.process.exitCode, null);
  assert.equal((await get(replica, '/nothing')).status, 404);
  replica.process.kill('SIGINT');
  assert.equal(await replica.exited, 0);
});
