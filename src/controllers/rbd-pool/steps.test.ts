import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PoolStep, poolRepair } from './steps.ts';

const pool = 'volumes';
const owner = { installation: 'lab', namespace: 'openstack', name: pool };
const set = (
  variable: 'size' | 'min_size' | 'crush_rule' | 'compression_mode' | 'bulk' | 'allow_ec_overwrites',
): PoolStep => ({
  ...{ verb: 'set-variable', pool, variable, value: 'x', to: 'x' },
});

const repairs: readonly (readonly [step: PoolStep, standsAlone: boolean])[] = [
  [set('compression_mode'), true],
  [set('bulk'), true],
  [{ verb: 'set-quota', pool, field: 'max_bytes', from: 0, to: 1n }, true],
  [set('size'), false],
  [set('min_size'), false],
  [set('crush_rule'), false],
  [set('allow_ec_overwrites'), false],
  [{ verb: 'mark-pool', pool, mark: 'm' }, false],
  [{ verb: 'record-owner', pool, owner, made: true, namespaces: [] }, false],
];
for (const [step, standsAlone] of repairs) {
  const name = step.verb === 'set-variable' ? step.variable : step.verb;
  test(`poolRepair() says that ${standsAlone ? 'nothing builds' : 'more builds'} on ${name}`, () => {
    assert.equal(poolRepair(step).standsAlone, standsAlone);
  });
}
