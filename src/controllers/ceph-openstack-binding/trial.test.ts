import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenStackService } from '../../api/ceph-openstack-host.ts';
import { Waiting } from '../../errors.ts';
import type { CloudLook } from '../../openstack-api/cloud.ts';
import { serviceKey } from '../../openstack-api/services.ts';
import { followTrial, type Trial, verdictOf } from './trial.ts';

const volume: OpenStackService = { binary: 'cinder-volume', host: 'ctl1@ceph', stopped: false };
const backup: OpenStackService = { binary: 'cinder-backup', host: 'ctl1', stopped: false };
const glance: OpenStackService = { binary: 'glance-api', host: 'ctl1', stopped: false };

/** One look: when it was asked in seconds, and what it showed of cinder-volume. */
type Look = readonly [seconds: number, shown: 'away' | 'unlisted' | { readonly at: string; readonly isUp: boolean }];

const up = (at: string) => ({ at, isUp: true });
const down = (at: string) => ({ at, isUp: false });

function lookOf([seconds, shown]: Look, glanceProblem?: string): CloudLook {
  const askedAt = seconds * 1000;
  if (shown === 'away') return { askedAt, services: new Map(), problem: new Waiting('OpenStackUnreachable', 'Away.') };
  const services =
    shown === 'unlisted'
      ? []
      : [{ binary: 'cinder-volume', host: 'CTL1@ceph', isUp: shown.isUp, reportedAt: shown.at }];
  const byName = new Map(services.map((service) => [serviceKey(service), service]));
  return { askedAt, services: byName, ...(glanceProblem === undefined ? {} : { glanceProblem }) };
}

function follow(services: readonly OpenStackService[], looks: readonly CloudLook[]): Trial {
  const begun = followTrial(undefined, services, undefined, 0);
  return looks.reduce<Trial>((trial, look) => followTrial(trial, services, look, look.askedAt), begun);
}

const table: readonly (readonly [string, readonly Look[], 'up' | 'coming' | 'down'])[] = [
  ['nothing was seen yet', [], 'coming'],
  ['it is listed as up, which it would be for a minute after its end', [[1, up('a')]], 'coming'],
  [
    'it reported once, which may be from its start',
    [
      [1, up('a')],
      [5, up('b')],
    ],
    'coming',
  ],
  [
    'it goes on reporting',
    [
      [1, up('a')],
      [5, up('b')],
      [10, up('b')],
      [15, up('c')],
    ],
    'up',
  ],
  [
    'it reports, and OpenStack has it down',
    [
      [1, down('a')],
      [5, down('b')],
      [15, down('c')],
    ],
    'coming',
  ],
  [
    'it is new there and goes on reporting',
    [
      [1, 'unlisted'],
      [5, up('a')],
      [15, up('b')],
      [25, up('c')],
    ],
    'up',
  ],
  [
    'it does not report, within its time',
    [
      [1, up('a')],
      [119, down('a')],
    ],
    'coming',
  ],
  [
    'it does not report, beyond its time',
    [[1, up('a')], ...[30, 60, 90, 120].map((at) => [at, down('a')] as const)],
    'down',
  ],
  ['it is in no list, beyond its time', [30, 60, 90, 120].map((at) => [at, 'unlisted'] as const), 'down'],
  [
    'nobody looked for long',
    [
      [1, up('a')],
      [500, down('a')],
    ],
    'coming',
  ],
  [
    'it reports but rarely',
    [
      [1, up('a')],
      [60, up('b')],
      [120, up('b')],
    ],
    'coming',
  ],
  [
    'it reported once and never again',
    [[1, up('a')], ...[30, 60, 90, 120, 150, 180, 210, 240].map((at) => [at, down('b')] as const)],
    'down',
  ],
  [
    'it comes up late',
    [
      [1, up('a')],
      [130, up('a')],
      [140, up('b')],
      [150, up('c')],
    ],
    'up',
  ],
  [
    'OpenStack was away meanwhile',
    [
      [1, up('a')],
      [100, 'away'],
      [150, up('a')],
    ],
    'coming',
  ],
  [
    'OpenStack was away, and it does not report after',
    [[1, up('a')], [100, 'away'], ...[130, 160, 190, 220].map((at) => [at, down('a')] as const)],
    'down',
  ],
  [
    'OpenStack is away now and then, and it never reports',
    [
      ...[20, 40, 60, 80].map((at) => [at, down('a')] as const),
      [90, 'away'],
      ...[110, 130, 150].map((at) => [at, down('a')] as const),
    ],
    'down',
  ],
  [
    'a look was begun before the switch was done',
    [
      [0, up('a')],
      [5, up('b')],
      [15, up('c')],
    ],
    'coming',
  ],
  [
    'one look is seen several times',
    [
      [1, up('a')],
      [5, up('b')],
      [5, up('c')],
    ],
    'coming',
  ],
];

for (const [what, looks, expected] of table) {
  test(`verdictOf() says ${expected} of a service, when ${what}`, () => {
    const verdict = verdictOf(
      follow(
        [volume],
        looks.map((look) => lookOf(look)),
      ),
      [volume],
    );
    assert.deepEqual(
      verdict,
      expected === 'up' ? { kind: 'up' } : { kind: expected, lacking: 'cinder-volume as ctl1@ceph' },
    );
  });
}

test('verdictOf() asks no more of Glance than an answer, and says when there is none', () => {
  const answered = follow([glance], [lookOf([1, 'unlisted'])]);
  assert.deepEqual(verdictOf(answered, [glance]), { kind: 'up' });
  const silent = follow(
    [glance],
    [30, 60, 90, 120].map((at) => lookOf([at, 'unlisted'], 'Cannot ask Glance.')),
  );
  assert.deepEqual(verdictOf(silent, [glance]), { kind: 'down', lacking: 'Glance' });
});

test('verdictOf() waits for no service that was stopped, and names all that lack', () => {
  const idle = { ...backup, stopped: true };
  const looks = [lookOf([1, up('a')]), lookOf([5, up('b')]), lookOf([15, up('c')])];
  assert.deepEqual(verdictOf(follow([volume, idle], looks), [volume, idle]), { kind: 'up' });
  assert.deepEqual(verdictOf(follow([volume, backup], []), [volume, backup]), {
    kind: 'coming',
    lacking: 'cinder-backup as ctl1, cinder-volume as ctl1@ceph',
  });
});
