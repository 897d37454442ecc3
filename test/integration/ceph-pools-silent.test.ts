import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../lab/eventually.ts';
import { rbdPool, startCephWorld, type World } from './ceph-world.ts';

let world: World;
before(async () => {
  world = await startCephWorld({ suite: 'trixie', name: 'pools-silent', osdSeconds: 3 });
});
after(() => world?.[Symbol.asyncDispose]());

test('an RbdPool gets what monitors can set while OSDs are silent; the silence is named, and passes', async () => {
  await world.pool(rbdPool('silent', { replicated: { size: 3, minSize: 2 } }));
  await world.ceph.ceph(['osd', 'pause']);
  const resource = rbdPool('silent', { replicated: { size: 3, minSize: 1 } });
  const outcome = await world.pool(resource);
  assert.deepEqual(outcome.did, ['Set min_size of pool "silent" from 2 to 1.']);
  assert.equal(outcome.hold?.reason, 'CephUnreachable');
  assert.match(outcome.hold?.message ?? '', /^The OSDs did not answer/);
  await world.ceph.ceph(['osd', 'unpause']);
  await eventually(async () => assert.equal((await world.pool(resource)).hold, undefined));
});

test('an RbdPool that was renamed by hand gets no empty twin', async () => {
  await world.ceph.ceph(['osd', 'pool', 'rename', 'silent', 'moved']);
  const outcome = await world.pool(rbdPool('silent'));
  assert.deepEqual([outcome.did, outcome.hold?.reason], [[], 'Conflict']);
  assert.match(outcome.hold?.message ?? '', /was renamed to "moved"/);
  await world.ceph.ceph(['osd', 'pool', 'rename', 'moved', 'silent']);
  await eventually(async () => assert.equal((await world.pool(rbdPool('silent'))).hold, undefined));
});
