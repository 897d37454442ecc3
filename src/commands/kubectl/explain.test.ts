import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionTypes, reasons } from '../../api/conditions.ts';
import { adviceFor } from './advice.ts';
import { explain } from './explain.ts';
import { cloud, object } from './objects.fixture.ts';

const none = { bindings: [], pools: [], clients: [], hosts: [] };

test('adviceFor() knows every condition type and reason, without markup', () => {
  for (const word of [...conditionTypes, ...reasons]) {
    const advice = adviceFor(word);
    assert.ok(advice, word);
    assert.doesNotMatch(advice.meaning + advice.remedy, /`|\]\(/, word);
  }
  for (const word of ['Nonsense', '(', '.*']) assert.equal(adviceFor(word), undefined, word);
});

test('explain() of what is Ready is two lines', () => {
  assert.equal(
    explain(object('RbdPool', 'images'), none),
    'RbdPool openstack/images: Ready\n  Ready is True: Converged\n    All is as it should be.\n',
  );
});

test('explain() leads from a binding to the causes, the same cause once', () => {
  const objects = cloud(3, {
    cloud: { status: 'False', reason: 'HostsNotReady', message: '2 of 3 hosts are not ready.' },
    cmp1: { status: 'False', reason: 'SshRefused', message: 'The host refused the login.', abnormal: 'Stalled' },
    cmp3: { status: 'False', reason: 'SshRefused', message: 'The host refused the login.', abnormal: 'Stalled' },
  });
  const [binding] = objects.bindings;
  assert.ok(binding);
  const lines = explain(binding, objects).split('\n');
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('    What')),
    [
      'CephOpenStackBinding openstack/cloud: Failing',
      '  Ready is False: HostsNotReady',
      '    2 of 3 hosts are not ready.',
      '',
      'CephOpenStackHost cloud-cmp1, CephOpenStackHost cloud-cmp3: Stalled',
      '  Ready is False: SshRefused',
      '    The host refused the login.',
      '',
    ],
  );
  assert.match(lines.at(-2) ?? '', /^ {4}What to do: Add the public key there/);
});

test('explain() asks whether the operator runs, when nobody has looked', () => {
  const text = explain(object('RbdPool', 'images', { status: { conditions: [] } }), none);
  assert.match(text, /^RbdPool openstack\/images: Unseen\n {2}The operator has not looked at it yet\. Does it run/);
});
