import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startWorld } from '../../lab/world.ts';
import { allInOne, bindingOfOne } from '../api-objects.ts';
import { heldBack } from './waiting.ts';

/* A cluster that takes keys of the new type alone, and a host whose librados came before it. */

const world = await startWorld({ suite: 'forky', hosts: [allInOne] });
after(() => world[Symbol.asyncDispose]());
const host = world.host('all1');
const sums = () => host.run('sha256sum /etc/cinder/cinder.conf /etc/nova/nova.conf');

before(async () => {
  await world.startOperator({ HOST_LOOK_SECONDS: '5' });
});

it('a host whose librados does not know the type of its keys is named, and not switched', async () => {
  const before = await sums();
  await world.apply(bindingOfOne(host.address));
  const says = /librados 18\.2\.\S+ of the host cannot log in as client\.cinder, .* type aes256k/;
  await heldBack(world, 'coh', 'cloud-all1', 'KeyTypeUnsupported', says, { timeoutMs: 240_000 });
  await heldBack(world, 'cob', 'cloud', 'KeyTypeUnsupported', /^1 of 1 hosts is not ready\. Host all1: librados/);
  assert.deepEqual(await sums(), before);
});
