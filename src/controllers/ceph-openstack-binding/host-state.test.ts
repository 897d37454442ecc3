import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CephOpenStackHost, parseCephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import type { Reason } from '../../api/conditions.ts';
import { hostState, machineOf } from './host-state.ts';

interface Seen {
  readonly reason?: Reason;
  readonly ready?: boolean;
  readonly stalled?: boolean;
  readonly facts?: object;
  /** The generation that was looked at; the object is at 2. */
  readonly generation?: number;
}

const facts = { family: 'debian', initSystem: 'systemd', releases: { nova: '2025.1' } };

function host({ reason, ready = false, stalled = false, facts: known, generation = 2 }: Seen): CephOpenStackHost {
  const condition = (type: string, status: string) => ({ type, status, reason, message: 'It says so.' });
  const conditions = [condition('Ready', ready ? 'True' : 'False'), ...(stalled ? [condition('Stalled', 'True')] : [])];
  return parseCephOpenStackHost({
    apiVersion: 'cephopenstack.io/v1alpha1',
    kind: 'CephOpenStackHost',
    metadata: { name: 'cloud-cmp1', namespace: 'openstack', generation: 2 },
    spec: { bindingName: 'cloud', hostName: 'cmp1', address: 'a', roles: ['NovaCompute'], ssh: { secretName: 's' } },
    ...(reason === undefined
      ? {}
      : { status: { observedGeneration: generation, conditions, ...(known === undefined ? {} : { facts: known }) } }),
  });
}

const table: readonly (readonly [string, Seen, string])[] = [
  ['it was never looked at', {}, 'unknown'],
  ['its first look goes on', { reason: 'Progressing' }, 'unknown'],
  ['its first look failed within us', { reason: 'Failed' }, 'unknown failing'],
  ['it does not answer', { reason: 'HostUnreachable' }, 'no'],
  ['it does not answer any more', { reason: 'HostUnreachable', facts }, 'no'],
  ['its key is another', { reason: 'HostKeyMismatch', stalled: true }, 'no failing'],
  ['it was abandoned', { reason: 'Abandoned', stalled: true, facts }, 'no failing'],
  ['it waits for a revision', { reason: 'WaitingForRevision', facts }, 'yes'],
  ['it is as it should be', { reason: 'Converged', ready: true, facts }, 'yes ready'],
  ['it was told something new since', { reason: 'Converged', ready: true, facts, generation: 1 }, 'yes'],
  ['it works on what it was told', { reason: 'Progressing', facts }, 'yes'],
  ['a restart failed', { reason: 'RestartFailed', facts }, 'yes failing'],
  ['a restart failed before it was told something new', { reason: 'RestartFailed', facts, generation: 1 }, 'yes'],
  ['it refuses', { reason: 'AlreadyExists', stalled: true, facts }, 'yes failing'],
  ['it is of an unknown kind', { reason: 'HostUnsupported', stalled: true }, 'yes failing'],
];

for (const [what, seen, expected] of table) {
  test(`hostState() says ${expected}, when ${what}`, () => {
    const state = hostState(host(seen));
    assert.equal(
      [state.reachable, state.ready ? 'ready' : '', state.failing ? 'failing' : '']
        .join(' ')
        .trim()
        .replace(/ +/g, ' '),
      expected,
    );
  });
}

test('machineOf() knows nothing of a host that was not looked at', () => {
  assert.equal(machineOf(host({}), undefined), undefined);
});

test('machineOf() finds what to render for', () => {
  assert.deepEqual(machineOf(host({ reason: 'Converged', facts }), '2025.1'), {
    roles: ['NovaCompute'],
    platform: 'debian-systemd',
    releases: { nova: '2025.1' },
  });
});

for (const [what, known, release, refused] of [
  ['another release than the binding says', facts, 'zed', 'ReleaseMismatch'],
  ['no Nova', { ...facts, releases: { glance: '2025.1' } }, undefined, 'ReleaseUnknown'],
  ['a release of the future', { ...facts, releases: { nova: '2031.1' } }, undefined, 'ReleaseUnknown'],
  ['a foreign family', { ...facts, family: 'suse' }, undefined, 'HostUnsupported'],
  ['a foreign init system', { ...facts, initSystem: 'openrc' }, undefined, 'HostUnsupported'],
  ['no version of Red Hat', { ...facts, family: 'redhat' }, undefined, 'HostUnsupported'],
] as const) {
  test(`machineOf() refuses a host with ${what}`, () => {
    const machine = machineOf(host({ reason: 'Converged', facts: known }), release);
    assert.ok(machine !== undefined && 'refused' in machine);
    assert.equal(machine.refused, refused);
    assert.match(machine.message, /^[A-Z].*\.$/);
  });
}
