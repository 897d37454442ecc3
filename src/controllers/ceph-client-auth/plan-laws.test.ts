import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import {
  cephClient,
  cluster,
  converge,
  deleting,
  emptyWorld,
  entity,
  key,
  owner,
  perform,
  profile,
  type Spec,
  see,
  type World,
  worldWith,
} from './client.fixture.ts';
import { renderKeptSecret } from './kept-secret.ts';
import { planClient } from './plan.ts';

const anySpec: fc.Arbitrary<Spec> = fc.record({
  capsStyle: fc.constantFrom('Profile' as const, 'Legacy' as const),
  adoption: fc.constantFrom('Never' as const, 'IfUnowned' as const),
});

const anyWorld: fc.Arbitrary<World> = fc
  .record({
    user: fc.constantFrom(
      undefined,
      { entity, key: key(0), caps: profile },
      { entity, key: key(0), caps: { mon: 'allow r' } },
      { entity, key: key(9), caps: profile },
    ),
    record: fc.constantFrom(
      undefined,
      { ...owner, keyFingerprint: key(0).fingerprint() },
      { ...owner, creatingWith: profile },
      { ...owner, creatingWith: { mon: 'allow r' } },
      { ...owner, name: 'gone', keyFingerprint: key(0).fingerprint() },
    ),
    secret: fc.constantFrom(
      undefined,
      {},
      worldWith().secret,
      renderKeptSecret({ entity, key: key(9), caps: profile }, cluster),
    ),
  })
  .map((values) => ({ ...emptyWorld, ...values }));

const resources = new Map<string, CephClientAuth>();

/** Parsing costs more than planning. */
function resourceOf(spec: Spec, isDeleted: boolean): CephClientAuth {
  const id = JSON.stringify([spec, isDeleted]);
  const made =
    resources.get(id) ?? (isDeleted ? cephClient({ ...spec, deletionPolicy: 'Delete' }, deleting) : cephClient(spec));
  resources.set(id, made);
  return made;
}

test('settles: when all steps are done, nothing is left to do', () => {
  fc.assert(
    fc.property(anySpec, anyWorld, fc.boolean(), (spec, world, isDeleted) => {
      const resource = resourceOf(spec, isDeleted);
      const { world: settled, plan } = converge(resource, world);
      assert.deepEqual(planClient(resource, see(resource, settled)), plan);
    }),
    { numRuns: 10_000 },
  );
});

test('survives: dying after any step and forgetting everything leads to the same end', () => {
  fc.assert(
    fc.property(anySpec, anyWorld, fc.boolean(), fc.nat({ max: 6 }), (spec, world, isDeleted, steps) => {
      const resource = resourceOf(spec, isDeleted);
      const begun = planClient(resource, see(resource, world)).stages.flat().slice(0, steps);
      const interrupted = begun.reduce((now, step) => perform(step, resource, now), world);
      const { world: end, plan } = converge(resource, interrupted);
      const straight = converge(resource, world);
      assert.deepEqual(reveal(end), reveal(straight.world));
      assert.deepEqual(plan.hold, straight.plan.hold);
    }),
    { numRuns: 10_000 },
  );
});

/** Secrets compare by what they hold. */
function reveal({ user, secret, ...rest }: World): unknown {
  const data = Object.entries(secret ?? {}).map(([name, value]) => [name, value.reveal()]);
  return { ...rest, user: user && { ...user, key: user.key.reveal() }, secret: secret && Object.fromEntries(data) };
}
