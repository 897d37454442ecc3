import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CephOpenStackHost } from '../../api/ceph-openstack-host.ts';
import { series } from '../../metrics.fixture.ts';
import { hosts } from '../../metrics.ts';
import { measureHosts } from './measure.ts';

const host = (...conditions: readonly (readonly [type: string, status: string, reason: string])[]) =>
  ({
    status: { conditions: conditions.map(([type, status, reason]) => ({ type, status, reason })) },
  }) as unknown as CephOpenStackHost;

test('measureHosts() counts hosts by state, each once', async () => {
  const waits = ['Reconciling', 'True', 'HostUnreachable'] as const;
  measureHosts([
    host(['Ready', 'True', 'Converged']),
    host(['Ready', 'False', 'HostUnreachable'], waits),
    host(['Ready', 'False', 'HostKeyMismatch'], ['Stalled', 'True', 'HostKeyMismatch']),
    host(['Ready', 'False', 'ChangesPlanned']),
    host(['Ready', 'False', 'Progressing'], ['Reconciling', 'True', 'Progressing']),
    host(),
  ]);
  assert.deepEqual(await series(hosts), { ready: 1, reconciling: 2, planned: 1, stalled: 1, unreachable: 1 });
});
