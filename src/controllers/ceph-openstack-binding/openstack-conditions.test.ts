import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenStackService } from '../../api/ceph-openstack-host.ts';
import { type ListedService, serviceKey } from '../../openstack-api/services.ts';
import { passing } from '../hold.ts';
import type { OpenStackView } from './openstack-view.ts';
import { specWith } from './spec.fixture.ts';
import { bindingStatus } from './status.ts';
import { World } from './world.fixture.ts';

const verification = { openStack: { secretName: 'cloud-admin' } };
const compute = (host: string, stopped = false): OpenStackService => ({ binary: 'nova-compute', host, stopped });
const listed = (host: string, isUp = true): ListedService => ({ binary: 'nova-compute', host, isUp, reportedAt: 'a' });

/** `type status reason: message` of what a settled binding says of OpenStack. */
function said(
  services: readonly OpenStackService[],
  view: Omit<Partial<OpenStackView>, 'services'> & { readonly services?: readonly ListedService[] },
): readonly string[] {
  const world = new World(specWith({ h1: ['NovaCompute', 'GlanceApi'] }, { verification }));
  world.settle();
  Object.assign(world.host('h1').status ?? assert.fail(), { services });
  const knownComputes = new Set(services.map(serviceKey));
  const byName = new Map(view.services?.map((service) => [serviceKey(service), service]));
  const openStack = { verdicts: new Map(), knownComputes, ...view, services: byName };
  return bindingStatus(world.binding, { ...world.observed(), openStack })
    .conditions.filter(({ type }) => type === 'ServicesUp' || type === 'ComputesListed')
    .map(({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`);
}

test('bindingStatus() says that OpenStack has all up, when only what is not to run is down', () => {
  assert.deepEqual(said([compute('h1'), compute('h2', true)], { services: [listed('H1'), listed('h2', false)] }), [
    'ServicesUp True Converged: OpenStack has all services of the hosts up.',
    'ComputesListed True Converged: Every compute that Nova knows is in a binding of this namespace.',
  ]);
});

test('bindingStatus() names services that OpenStack has down, and what Glance said', () => {
  const [up] = said([compute('h1')], { services: [listed('h1', false)], glanceProblem: 'Cannot ask Glance.' });
  assert.equal(
    up,
    'ServicesUp False OpenStackServiceDown: OpenStack does not have up: nova-compute as h1. Cannot ask Glance.',
  );
});

test('bindingStatus() names computes that Nova knows and no binding has', () => {
  const computes = Array.from({ length: 30 }, (_, index) => listed(`new${index + 10}`));
  const [, found] = said([compute('h1')], { services: [listed('h1'), ...computes] });
  assert.match(found ?? '', /^ComputesListed False ComputesUnlisted: .*: new10, new11, .* and 10 more\. Add them/);
});

test('bindingStatus() accuses no compute before all hosts have said what they are called', () => {
  const [, found] = said([], { services: [listed('h1')] });
  assert.equal(found, 'ComputesListed Unknown WaitingForHosts: Not known yet what Nova calls h1.');
});

test('bindingStatus() says what it does not know while OpenStack is away, and the binding stays Ready', () => {
  const problem = passing('OpenStackUnreachable', 'Cannot ask Nova.');
  assert.deepEqual(said([compute('h1')], { problem }), [
    'ServicesUp Unknown OpenStackUnreachable: Cannot ask Nova.',
    'ComputesListed Unknown OpenStackUnreachable: Cannot ask Nova.',
  ]);
  const world = new World(specWith({ h1: ['NovaCompute'] }, { verification }));
  world.settle();
  world.openStack.isAway = true;
  assert.equal(world.plan().hold, undefined);
});

test('bindingStatus() goes on saying what was said, until OpenStack answers an operator for the first time', () => {
  const problem = passing('OpenStackUnreachable', 'OpenStack has not answered yet.');
  const before = { type: 'ServicesUp', status: 'True', reason: 'Converged', message: 'OpenStack has all up.' } as const;
  const world = new World(specWith({ h1: ['NovaCompute'] }, { verification }));
  world.settle();
  world.binding = { ...world.binding, status: { conditions: [before] } };
  const openStack = { services: new Map(), verdicts: new Map(), knownComputes: new Set<string>(), problem };
  const said = (view: OpenStackView) =>
    bindingStatus(world.binding, { ...world.observed(), openStack: view })
      .conditions.filter(({ type }) => type === 'ServicesUp' || type === 'ComputesListed')
      .map(({ type, status }) => `${type} ${status}`);
  assert.deepEqual(said({ ...openStack, isAwaited: true }), ['ServicesUp True', 'ComputesListed Unknown']);
  assert.deepEqual(said(openStack), ['ServicesUp Unknown', 'ComputesListed Unknown']);
});
