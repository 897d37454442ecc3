import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digest } from './canonical.ts';
import { revisionContent } from './revision-content.ts';

const data = { roles: [] };

function revision(name: string, content: unknown) {
  const metadata = { name, namespace: 'ns', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  return { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata, revision: 1, data: content };
}

for (const [what, name, content, expected] of [
  ['its content', `cloud-${digest(data)}`, data, data],
  ['that of a plan', `cloud-plan-${digest(data)}`, data, data],
  ['nothing of another content', `cloud-${digest(data)}`, { roles: ['other'] }, undefined],
  ['nothing where there is none', `cloud-${digest(data)}`, undefined, undefined],
  ['nothing where the name has no digest', 'cloud', data, undefined],
] as const) {
  test(`revisionContent() gives ${what}`, () => {
    const object = revision(name, content);
    assert.deepEqual([revisionContent(object), revisionContent(object)], [expected, expected]);
  });
}
