import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Waiting } from '../errors.ts';
import { CephError, type SharedQuery } from './cluster.ts';
import { readMonMap, readPlacementGroupLimit, readSessions } from './monitors.ts';

const { signal } = new AbortController();

/** Answers of monitors as Ceph prints them: the map, and what each of `a`, `b` and `c` says, or throws. */
function monitors(quorum: readonly number[], answers: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const mons = ['a', 'b', 'c'].map((name, rank) => ({ name, rank }));
  return {
    asked,
    async shared<T>({ monitor, parse }: SharedQuery<T>): Promise<T> {
      if (monitor === undefined) return parse({ mons, quorum });
      asked.push(monitor);
      const answer = answers[monitor];
      if (answer instanceof Error) throw answer;
      return parse(answer);
    },
  };
}

const silent = new Waiting('CephUnreachable', 'The monitors did not answer in time.');
const unknown = new CephError('"config get"', -6, '');
const denied = new Waiting('CephAccessDenied', 'Ceph denies it.');
const limit = (value: number) => ({ mon_max_pg_per_osd: String(value) });

test('readMonMap() names those in the quorum, and one type of key where monitors speak of none', async () => {
  assert.deepEqual(await readMonMap(monitors([0, 2], {}), signal), { quorum: ['a', 'c'], keyTypes: ['Aes'] });
});

const limits: readonly (readonly [
  name: string,
  quorum: readonly number[],
  answers: Readonly<Record<string, unknown>>,
  expected: number | string,
  asked: readonly string[],
])[] = [
  ['asks one', [0, 1, 2], { a: limit(250) }, 250, ['a']],
  ['asks none that is outside the quorum', [1, 2], { a: silent, b: limit(250) }, 250, ['b']],
  ['asks the next when one is silent', [0, 1, 2], { a: silent, b: limit(300) }, 300, ['a', 'b']],
  ['asks the next when one is not known any more', [0, 1], { a: unknown, b: limit(300) }, 300, ['a', 'b']],
  ['gives up when all are silent', [0, 1], { a: silent, b: silent }, 'CephUnreachable', ['a', 'b']],
  ['asks nobody again who may not ask', [0, 1], { a: denied, b: limit(1) }, 'CephAccessDenied', ['a']],
];
for (const [name, quorum, answers, expected, asked] of limits) {
  test(`readPlacementGroupLimit() ${name}`, async () => {
    const cluster = monitors(quorum, answers);
    const found = readPlacementGroupLimit(cluster, signal);
    if (typeof expected === 'number') assert.equal(await found, expected);
    else await assert.rejects(found, { reason: expected });
    assert.deepEqual(cluster.asked, asked);
  });
}

const loggedIn = (entity_name: string, addr: string) => ({ entity_name, open: true, socket_addr: { addr } });

test('readSessions() asks the whole quorum, and nobody else', async () => {
  const a = [
    loggedIn('client.cinder', '10.0.0.1:4711/1'),
    { ...loggedIn('client.cinder', '10.0.0.9:1/1'), open: false },
  ];
  const c = [loggedIn('client.cinder', '[2001:db8::1]:4711/1')];
  const cluster = monitors([0, 2], { a, b: silent, c });
  assert.deepEqual([...(await readSessions(cluster, signal))], [['client.cinder', ['10.0.0.1', '2001:db8::1']]]);
});

test('readSessions() knows nothing when one of the quorum is silent', async () => {
  await assert.rejects(readSessions(monitors([0, 1], { a: [], b: silent }), signal), { reason: 'CephUnreachable' });
});
