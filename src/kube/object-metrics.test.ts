import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, Resource } from '../api/resource.ts';
import { series } from '../metrics.fixture.ts';
import { notReadySince, objects, plannedSteps } from '../metrics.ts';
import { measureObjects } from './object-metrics.ts';
import { limitPlan } from './status.ts';

function pool(name: string, conditions: readonly object[], plan?: readonly string[]): Resource {
  const times = { resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  return {
    apiVersion: 'cephopenstack.io/v1alpha1',
    kind: 'RbdPool',
    metadata: { namespace: 'openstack', name, uid: name, generation: 1, ...times },
    spec: {},
    status: { conditions: conditions as readonly Condition[], ...(plan === undefined ? {} : { plan }) },
  };
}

const ready = { type: 'Ready', status: 'True', reason: 'Converged', lastTransitionTime: '2026-01-01T00:00:00Z' };
const blocked = { status: 'False', reason: 'Contested', lastTransitionTime: '2026-01-02T00:00:00Z' };

test('measureObjects() counts conditions by status, from zero', async () => {
  const stalled = { ...blocked, type: 'Stalled', status: 'True' };
  measureObjects(
    new Map([['RbdPool', [pool('a', [ready]), pool('b', [{ ...blocked, type: 'Ready' }, stalled]), pool('c', [])]]]),
  );
  assert.deepEqual(await series(objects), {
    'RbdPool Ready True': 1,
    'RbdPool Ready False': 1,
    'RbdPool Stalled True': 1,
    'RbdPool Reconciling True': 0,
    'RbdPool Ready Unknown': 1,
  });
  measureObjects(new Map([['RbdPool', []]]));
  assert.deepEqual(Object.values(await series(objects)), [0, 0, 0, 0]);
});

test('measureObjects() tells since when each is not Ready, and why', async () => {
  const stalled = { ...blocked, type: 'Stalled', status: 'True' };
  measureObjects(
    new Map([['RbdPool', [pool('a', [ready]), pool('b', [{ ...blocked, type: 'Ready' }, stalled]), pool('c', [])]]]),
  );
  assert.deepEqual(await series(notReadySince), {
    'RbdPool openstack/c Progressing ': Date.UTC(2026, 0, 1) / 1000,
    'RbdPool openstack/b Contested Stalled': Date.UTC(2026, 0, 2) / 1000,
  });
});

test('measureObjects() names no more than a hundred, those that wait longest', async () => {
  const at = (index: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, 500 - index)).toISOString();
  const many = Array.from({ length: 150 }, (_, index) =>
    pool(`p${index}`, [{ ...blocked, type: 'Ready', lastTransitionTime: at(index) }]),
  );
  measureObjects(new Map([['RbdPool', many]]));
  const named = Object.keys(await series(notReadySince));
  assert.equal(named.length, 100);
  assert.ok(named.some((one) => one.includes('/p149 ')) && !named.some((one) => one.includes('/p0 ')));
});

test('measureObjects() names what is stalled before what waits longer, then hosts that are off, and what is planned last', async () => {
  const told = (index: number, reason: string, more: readonly object[] = []) =>
    pool(`${reason}${index}`, [
      {
        ...blocked,
        type: 'Ready',
        reason,
        lastTransitionTime: new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString(),
      },
      ...more,
    ] as never);
  const planned = Array.from({ length: 99 }, (_, index) => told(index, 'ChangesPlanned'));
  const off = Array.from({ length: 99 }, (_, index) => told(index, 'HostUnreachable'));
  const late = [
    told(200, 'WaitingForPool'),
    told(300, 'InvalidSpec', [{ ...blocked, type: 'Stalled', status: 'True' }]),
  ];
  measureObjects(new Map([['RbdPool', [...planned, ...off, ...late]]]));
  const named = Object.keys(await series(notReadySince));
  assert.equal(named.length, 100);
  assert.ok(
    named.some((one) => one.includes('/InvalidSpec300 ')) && named.some((one) => one.includes('/WaitingForPool200 ')),
  );
  assert.equal(named.filter((one) => one.includes('HostUnreachable')).length, 98);
});

test('measureObjects() takes no word for a label that a stranger wrote into a status', async () => {
  const strange = [
    { ...blocked, type: 'Ready', reason: 'Whatever-1' },
    { type: 'Strange', status: 'True', reason: 'X' },
    { type: 'Stalled', status: 'Perhaps', reason: 'X' },
  ];
  measureObjects(new Map([['RbdPool', [pool('a', strange)]]]));
  const told = [...Object.keys(await series(objects)), ...Object.keys(await series(notReadySince))].join('\n');
  assert.doesNotMatch(told, /Whatever|Strange|Perhaps/);
});

test('measureObjects() counts planned lines that were cut off, too', async () => {
  const plan = limitPlan(Array.from({ length: 200 }, (_, index) => `Step ${index}.`));
  measureObjects(new Map([['RbdPool', [pool('a', [], plan), pool('b', [], ['One.'])]]]));
  assert.deepEqual(await series(plannedSteps), { RbdPool: 201 });
});
