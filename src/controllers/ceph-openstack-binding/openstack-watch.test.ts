import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { Invalid, Waiting } from '../../errors.ts';
import type { CloudLook, Clouds } from '../../openstack-api/cloud.ts';
import { serviceKey } from '../../openstack-api/services.ts';
import { Secret } from '../../secret.ts';
import { openStackWatch } from './openstack-watch.ts';
import { bindingWith, specWith } from './spec.fixture.ts';

const verification = { openStack: { secretName: 'cloud-admin' } };
const spec = specWith({ cmp1: ['NovaCompute'] }, { verification });
const openrc = {
  OS_AUTH_URL: 'http://cloud:5000',
  OS_USERNAME: 'admin',
  OS_PASSWORD: 'p4ss',
  OS_PROJECT_NAME: 'admin',
};
const signal = new AbortController().signal;
const service = { binary: 'nova-compute', host: 'cmp1', stopped: false };

function hostWith(annotations: Readonly<Record<string, string>>): CephOpenStackHost {
  const conditions = [{ type: 'Ready', status: 'True', reason: 'Converged', message: '' }];
  return {
    metadata: { name: 'cloud-cmp1', namespace: 'openstack', uid: 'u', generation: 1, annotations },
    spec: { hostName: 'cmp1', roles: ['NovaCompute'], revision: { current: 'new' } },
    status: { observedGeneration: 1, switched: 'new', services: [service], conditions },
  } as unknown as CephOpenStackHost;
}

/** A cloud that gives these looks in turn, and what it was asked. */
function cloudOf(looks: readonly (Partial<CloudLook> | undefined)[]) {
  const asked: { readonly services: readonly string[]; readonly freshMs: number; readonly waiter: string }[] = [];
  const clouds: Clouds = {
    look(_, services, options) {
      const look = looks[Math.min(asked.length, looks.length - 1)];
      asked.push({ services: [...services], ...options });
      return look && { askedAt: performance.now() + asked.length, services: new Map(), ...look };
    },
    onEnd() {},
    [Symbol.asyncDispose]: async () => {},
  };
  return { clouds, asked };
}

function secretsOf(texts: Readonly<Record<string, string>> | undefined) {
  const data = texts && Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, new Secret(text)]));
  return { readSecret: async () => data };
}

const listed = (reportedAt: string): Partial<CloudLook> => ({
  services: new Map([[serviceKey(service), { ...service, isUp: true, reportedAt }]]),
});

for (const [what, more] of [
  ['the binding does not want it', { verification: {} }],
  ['it is in mode Plan', { mode: 'Plan' }],
] as const) {
  test(`openStackWatch() asks nobody, when ${what}`, async () => {
    const { clouds, asked } = cloudOf([{}]);
    const binding = bindingWith({ ...spec, ...more }, 1);
    assert.equal(await openStackWatch(clouds, secretsOf(openrc)).view(binding, [], [], signal), undefined);
    assert.equal(asked.length, 0);
  });
}

for (const [what, texts, look, reason, isStalled] of [
  ['there is no Secret', undefined, {}, 'ConnectionMissing', false],
  ['the Secret says too little', {}, {}, 'ConnectionInvalid', true],
  ['nobody has answered yet', openrc, undefined, 'OpenStackUnreachable', false],
  ['nobody answers', openrc, { problem: new Waiting('OpenStackUnreachable', 'Away.') }, 'OpenStackUnreachable', false],
  ['it refuses', openrc, { problem: new Invalid('OpenStackAccessDenied', 'No.') }, 'OpenStackAccessDenied', true],
] as const) {
  test(`openStackWatch() says ${reason}, when ${what}`, async () => {
    const watch = openStackWatch(cloudOf([look]).clouds, secretsOf(texts));
    const view = await watch.view(bindingWith(spec, 1), [], [], signal);
    assert.deepEqual([view?.problem?.reason, view?.problem?.stalled], [reason, isStalled]);
    assert.equal(view?.isAwaited === true, texts !== undefined && look === undefined);
  });
}

test('openStackWatch() asks once a minute at rest, and often while a host is on trial', async () => {
  const { clouds, asked } = cloudOf([{}]);
  const watch = openStackWatch(clouds, secretsOf(openrc));
  const images = bindingWith({ ...spec, cinder: undefined, cinderBackup: undefined, nova: undefined, hosts: [] }, 1);
  await watch.view(images, [], [], signal);
  await watch.view(bindingWith(spec, 1), [hostWith({ 'cephopenstack.io/on-trial-from': '' })], [], signal);
  assert.deepEqual(
    asked.map(({ services, freshMs, waiter }) => [services.toSorted().join(), freshMs > 50_000, waiter]),
    [
      ['Glance', true, 'openstack/cloud'],
      ['Cinder,Glance,Nova', false, 'openstack/cloud'],
    ],
  );
});

test('openStackWatch() follows a host on trial from look to look, and anew once it is told something else', async () => {
  const { clouds } = cloudOf(['a', 'b', 'c', 'd'].map(listed));
  const watch = openStackWatch(clouds, secretsOf(openrc));
  const host = hostWith({ 'cephopenstack.io/on-trial-from': 'old' });
  const look = async (one = host) => {
    const view = await watch.view(bindingWith(spec, 1), [one], [one], signal);
    return view?.verdicts.get('cmp1')?.kind;
  };
  // The first only begins the trial.
  assert.deepEqual([await look(), await look(), await look(), await look()], ['coming', 'coming', 'coming', 'up']);
  const other = { ...host, spec: { ...host.spec, revision: { current: 'newer' } } };
  assert.equal(await look({ ...other, status: { ...host.status, switched: 'newer' } }), 'coming');
  assert.equal(await look(other), undefined);
});

test('openStackWatch() knows the computes of all bindings of the namespace', async () => {
  const watch = openStackWatch(cloudOf([{}]).clouds, secretsOf(openrc));
  const view = await watch.view(bindingWith(spec, 1), [], [hostWith({})], signal);
  assert.deepEqual([...(view?.knownComputes ?? [])], ['nova-compute cmp1']);
});
