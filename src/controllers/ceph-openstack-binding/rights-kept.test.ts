import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CephClientAuth } from '../../api/ceph-client-auth.ts';
import { specWith } from './spec.fixture.ts';
import { bindingStatus } from './status.ts';
import { World } from './world.fixture.ts';

test('bindingStatus() says which of its users keep rights, and nothing where none does', () => {
  const world = new World(specWith({ ctl1: ['CinderVolume'], cmp1: ['NovaCompute'] }));
  world.settle();
  const observed = world.observed();
  const said = (clients: typeof observed.clients) =>
    bindingStatus(world.binding, { ...observed, clients }).conditions.find(({ type }) => type === 'RightsKept')
      ?.message;
  assert.equal(said(observed.clients), undefined);
  const keeping = new Map([...observed.clients].map(([name, client]) => [name, tell(client, `${name} keeps one.`)]));
  const stranger = tell([...observed.clients.values()][0] ?? assert.fail(), 'Another keeps one.');
  keeping.set('another', { ...stranger, metadata: { ...stranger.metadata, name: 'another' } });
  assert.equal(said(keeping), [...observed.clients.keys()].map((name) => `${name} keeps one.`).join(' '));
});

function tell(client: CephClientAuth, message: string): CephClientAuth {
  const condition = { type: 'RightsKept', status: 'True', reason: 'StillUsed', message } as const;
  return { ...client, status: { ...client.status, conditions: [...(client.status?.conditions ?? []), condition] } };
}
