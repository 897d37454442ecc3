import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type CephSuite, cephSuites } from '../../lab/ceph.ts';
import { run } from '../../lab/process.ts';
import { parsePolicy } from '../../src/api/policy.ts';
import { legacyCaps, profileCaps } from '../../src/ceph/access-caps.ts';
import type { Caps } from '../../src/ceph/caps.ts';
import type { MonCommand } from '../../src/ceph/cluster.ts';
import { renderKeyring } from '../../src/ceph/conf.ts';
import { poolMarkKey } from '../../src/ceph/marks.ts';
import { operatorCaps, operatorCapsCommands } from '../../src/ceph/operator-caps.ts';
import { readUser } from '../../src/ceph/users.ts';
import { startCephWorld, type World } from './ceph-world.ts';

// Such wide globs that users of the cluster itself would be among them.
const entities = ['client.a*', 'client.b*', 'client.c*'];
const policy = { entities, pools: ['volumes*', 'images'], delete: true };
const access = [
  { pool: 'volumes', mode: 'ReadWrite' as const },
  { pool: 'images', mode: 'ReadOnly' as const, namespace: 'n' },
];
const pairs = (caps: Caps) => Object.entries(caps).flat();
const profile = profileCaps(access);
const entity = 'client.cinder';
const grant = (caps: readonly string[], more: object = {}): MonCommand => ({
  prefix: 'auth get-or-create',
  entity,
  caps,
  ...more,
});

const denied: readonly (readonly [name: string, command: MonCommand])[] = [
  ['another entity', grant(pairs(profile), { entity: 'client.manila' })],
  ['a user of everything', grant(['mon', 'allow *', 'osd', 'allow *', 'mgr', 'allow *'])],
  ['a mon cap that is not pinned', grant(pairs({ ...profile, mon: 'allow *' }))],
  ['a grant smuggled behind a good one', grant(pairs({ ...profile, osd: `${profile.osd}, allow *` }))],
  ['a pool that the policy does not name', grant(pairs(profileCaps([{ pool: 'secrets', mode: 'ReadWrite' }])))],
  ['a mgr cap that is not pinned', grant(pairs({ ...profile, mgr: 'allow *' }))],
  ['a subsystem left out', grant(['mon', 'profile rbd', 'osd', profile.osd ?? ''])],
  ['no caps at all', grant([])],
  ['a subsystem named twice', grant([...pairs(profile), 'mon', 'allow *'])],
  ['a mix of both styles', grant(pairs({ ...profile, osd: legacyCaps(access).osd ?? '' }))],
  ['wider caps for a user that exists', { prefix: 'auth caps', entity, caps: ['mon', 'allow *'] }],
  ['auth import', { prefix: 'auth import' }],
  ['auth ls', { prefix: 'auth ls' }],
  ...['client.admin', 'client.bootstrap-osd', 'client.ceph-exporter.a', 'client.crash', 'mon.'].map(
    (name): [string, MonCommand] => [`the key of ${name}`, { prefix: 'auth get', entity: name }],
  ),
  ['other caps for client.admin', { prefix: 'auth caps', entity: 'client.admin', caps: pairs(profile) }],
  ['the removal of client.admin', { prefix: 'auth rm', entity: 'client.admin' }],
  ['all config-keys', { prefix: 'config-key dump' }],
  ["another's config-key", { prefix: 'config-key set', key: 'mgr/x', val: '1' }],
  ['configuration', { prefix: 'config set', who: 'mon', name: 'debug_mon', value: '1' }],
  ['a pool of another name', { prefix: 'osd pool create', pool: 'secrets' }],
  [
    'the removal of a pool of another name',
    { prefix: 'osd pool rm', pool: 'secrets', pool2: 'secrets', yes_i_really_really_mean_it: true },
  ],
  ['a profile of another name', { prefix: 'osd erasure-code-profile set', name: 'secrets', profile: ['k=2', 'm=1'] }],
  ['the removal of a profile', { prefix: 'osd erasure-code-profile rm', name: 'volumes-data' }],
  ['a variable that it never sets', { prefix: 'osd pool set', pool: 'volumes', var: 'nodelete', val: '1' }],
  ['another application', { prefix: 'osd pool application enable', pool: 'volumes', app: 'rgw' }],
  [
    'another key of metadata',
    { prefix: 'osd pool application set', pool: 'volumes', app: 'rbd', key: 'x', value: 'y' },
  ],
  ['a blocklist', { prefix: 'osd blocklist', blocklistop: 'add', addr: '192.0.2.1:0/1' }],
  ['marking an OSD out', { prefix: 'osd out', ids: ['0'] }],
  ['the removal of a rule', { prefix: 'osd crush rule rm', name: 'replicated_rule' }],
];

describe("the operator's caps", { concurrency: true }, () => {
  for (const suite of cephSuites) describe(`on ${suite}`, { concurrency: false }, () => capsStories(suite));
});

function capsStories(suite: CephSuite): void {
  let world: World;
  before(async () => {
    world = await startCephWorld({ suite, name: `caps-${suite}`, policy });
    await world.ceph.ceph(['osd', 'pool', 'create', 'volumes', '8']);
    await world.ceph.rbd(['pool', 'init', 'volumes']);
  });
  after(() => world?.[Symbol.asyncDispose]());

  const soon = () => AbortSignal.timeout(30_000);
  const write = (command: MonCommand, input?: string) =>
    world.cluster.write(command, input === undefined ? {} : { input }, soon());
  const isDenied = { name: 'Waiting', reason: 'CephAccessDenied' };

  for (const [name, command] of denied) {
    test(`deny ${name}`, async () => {
      await assert.rejects(write(command), isDenied);
    });
  }

  test('allow users whose names only begin as those of the cluster do', async () => {
    for (const name of ['client.admin2', 'client.bootstrapped', 'client.cra']) {
      await write(grant(pairs(profile), { entity: name }));
      assert.deepEqual((await readUser(world.cluster, name, soon()))?.caps, profile);
      await write({ prefix: 'auth rm', entity: name });
    }
  });

  test('are given by the printed commands, to a user that is not there yet and in place of others', async () => {
    const entity = 'client.another-operator';
    const env = { PATH: `${world.ceph.commands}:${process.env.PATH}` };
    const keys: string[] = [];
    for (const allowed of [policy, {}]) {
      const caps = operatorCaps(parsePolicy(allowed));
      await run('sh', ['-ec', operatorCapsCommands(entity, caps)], { env });
      const [user] = (await world.json('auth', 'get', entity)) as { key: string; caps: unknown }[];
      assert.deepEqual(user?.caps, caps);
      keys.push(user.key);
    }
    assert.ok(keys[0] === keys[1], 'the key is another');
  });

  test('give a key back only with caps that are pinned', async () => {
    await write(grant(pairs(profile)));
    const user = await readUser(world.cluster, entity, soon());
    assert.ok(user);
    const keyring = renderKeyring(entity, user.key).reveal();
    await write({ prefix: 'auth rm', entity });
    const greedy = `${keyring}\tcaps mon = "allow *"\n`;
    await assert.rejects(write({ prefix: 'auth add', entity }, greedy), isDenied);
    await assert.rejects(write({ prefix: 'auth add', entity, caps: pairs(profile) }, greedy), { name: 'CephError' });
    assert.equal(await readUser(world.cluster, entity, soon()), undefined);
    await write({ prefix: 'auth add', entity, caps: pairs(profile) }, keyring);
    assert.deepEqual((await readUser(world.cluster, entity, soon()))?.caps, profile);
  });

  test('open no pool without the mark, and every pool with it', async () => {
    const look = () => world.cluster.inPool({ op: 'look', pool: 'volumes' }, 'to look', soon());
    await assert.rejects(look(), isDenied);
    const mark = { prefix: 'osd pool application set', pool: 'volumes', app: 'rbd', key: poolMarkKey, value: 'lab.1' };
    await write(mark);
    await look();
  });

  test('show nothing of a monitor but what is needed', async () => {
    const ask = (variable: string) =>
      world.cluster.shared(
        { command: { prefix: 'config get', var: variable }, monitor: 'a', parse: (json) => json },
        soon(),
      );
    assert.deepEqual(await ask('mon_max_pg_per_osd'), { mon_max_pg_per_osd: '2000' });
    await assert.rejects(ask('keyring'), isDenied);
  });

  test('do not bound caps for metadata servers, as the security notes say', async () => {
    await write(grant([...pairs(profile), 'mds', 'allow *'], { entity: 'client.cinder-mds' }));
  });
}
