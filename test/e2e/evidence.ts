import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { OperatorProcess } from '../../lab/operator-process.ts';
import type { World } from '../../lab/world.ts';
import { cephChanges, pools, users } from './seen-ceph.ts';
import { libvirtSecretsOn, traceOf } from './seen-host.ts';
import { objects, soon } from './story.ts';

/** Looks soon enough for several to be seen. */
export const shortLooks = { CEPH_LOOK_SECONDS: '2', HOST_LOOK_SECONDS: '4' };

/** Of what nobody may see. */
export const digestOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);

/**
 * Everything in Ceph and on hosts that an operator could touch, as lines that compare: pools, users with their keys'
 * digests, marks and records, the commands that changed something; files, packages, services with their present run,
 * libvirt's secrets. The operator's own user, which a test may make anew, aside.
 */
export async function evidence({ ceph, hosts }: World): Promise<readonly string[]> {
  const inCeph = [
    ...[...(await pools(ceph)).values()].map((pool) => `pool ${JSON.stringify(pool)}`),
    ...[...(await users(ceph)).values()].map(
      ({ entity, key, caps }) => `user ${entity} ${digestOf(key.reveal())} ${JSON.stringify(caps)}`,
    ),
    ...Object.entries(JSON.parse(await ceph.ceph(['config-key', 'dump', 'cephopenstack', '--format=json']))).map(
      ([key, value]) => `config-key ${key} ${value}`,
    ),
    ...(await cephChanges(ceph, 'client.openstack-operator')),
  ];
  const onHosts = [...hosts.values()].map(async (host) => [
    ...(await traceOf(host)).map((line) => `${host.name}: ${line}`),
    ...[...(await libvirtSecretsOn(host))].map(
      ([uuid, { usage, value }]) => `${host.name}: secret ${uuid} ${usage} ${digestOf(value?.reveal() ?? '')}`,
    ),
  ]);
  return [...inCeph, ...(await Promise.all(onHosts)).flat()];
}

/** Fails, with the lines that differ, when something in Ceph or on hosts is not as `before` says. */
export async function assertUnchanged(world: World, before: readonly string[]): Promise<void> {
  const [former, now] = [new Set(before), new Set(await evidence(world))];
  assert.deepEqual(
    { gone: [...former].filter((line) => !now.has(line)), new: [...now].filter((line) => !former.has(line)) },
    { gone: [], new: [] },
  );
}

/** Waits until an operator has looked at every object twice more. */
export async function lookedAround(world: World, operator: OperatorProcess): Promise<void> {
  const from = operator.log.length;
  await soon(world, 'the operator has looked at all objects', async () => {
    const looks = operator.log
      .slice(from)
      .filter((line) => line.includes('"Looked."'))
      .map((line) => JSON.parse(line))
      .map(({ kind, name }) => `${kind}/${name}`);
    for (const { kind, metadata } of await objects(world)) {
      const object = `${kind}/${metadata.name}`;
      assert.ok(looks.filter((one) => one === object).length >= 2, `it has hardly looked at ${object}`);
    }
  });
}
