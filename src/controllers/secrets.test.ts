import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Invalid } from '../errors.ts';
import { Secret } from '../secret.ts';
import { policyIn } from './secrets.ts';

test('policyIn() takes no policy for the strict one', () => {
  const policy = policyIn({}, 'ceph-main');
  assert.equal(policy.delete, false);
  assert.equal(policy.takeOver, false);
});

for (const text of ['', '  \n', '# nothing yet\n']) {
  test(`policyIn() takes a policy that says nothing for the strict one: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(policyIn({ policy: new Secret(text) }, 'ceph-main'), policyIn({}, 'ceph-main'));
  });
}

test('policyIn() reads YAML', () => {
  assert.equal(policyIn({ policy: new Secret('delete: true\npools: [images]\n') }, 'ceph-main').delete, true);
});

for (const [what, policy] of [
  ['no YAML', 'a: [b'],
  ['an unknown key', 'rootPlease: true'],
  ['a wrong type', 'delete: perhaps'],
  ['no mapping', 'all'],
  ['several documents', 'delete: true\n---\ndelete: false\n'],
] as const) {
  test(`policyIn() names the Secret when its policy is ${what}`, () => {
    assert.throws(
      () => policyIn({ policy: new Secret(policy) }, 'ceph-main'),
      (error) => error instanceof Invalid && /Secret "ceph-main": [^\n]+\.$/.test(error.message),
    );
  });
}
