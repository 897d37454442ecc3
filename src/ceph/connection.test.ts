import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { connectionSecretKeys } from '../api/secret-keys.ts';
import { Invalid } from '../errors.ts';
import { Secret } from '../secret.ts';
import { parseConnection } from './connection.ts';
import { canUseKeyType, keyTypeOf } from './key.ts';
import { namesIn, parseMonHost } from './mon-host.ts';

const fsid = '0b6a4d0c-7d3b-4c8e-9c59-6b7a3a1e2f00';

/** A key of the right shape that opens nothing. */
function makeKey(type: 1 | 2): string {
  const secretLength = type === 1 ? 16 : 32;
  const header = Buffer.alloc(12);
  header.writeUInt16LE(type, 0);
  header.writeUInt16LE(secretLength, 10);
  return Buffer.concat([header, randomBytes(secretLength)]).toString('base64');
}

function secrets(data: Record<string, string>): Record<string, Secret> {
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, new Secret(value)]));
}

const monHosts: readonly (readonly [text: string, parsed: string | undefined])[] = [
  ['10.0.0.1', '10.0.0.1'],
  ['10.0.0.1, 10.0.0.2:6789', '10.0.0.1,10.0.0.2:6789'],
  ['10.0.0.1;10.0.0.2\n', '10.0.0.1,10.0.0.2'],
  ['mon1.example.com mon2:3300', 'mon1.example.com,mon2:3300'],
  ['[2001:db8::1]:6789', '[2001:db8::1]:6789'],
  ['2001:db8::1', '[2001:db8::1]'],
  ['[2001:db8::1],[2001:db8::2]', '[2001:db8::1],[2001:db8::2]'],
  ['v2:10.0.0.1:3300/0', 'v2:10.0.0.1:3300'],
  [
    '[v2:10.0.0.1:3300/0,v1:10.0.0.1:6789/0] [v2:10.0.0.2:3300,v1:10.0.0.2:6789]',
    '[v2:10.0.0.1:3300,v1:10.0.0.1:6789],[v2:10.0.0.2:3300,v1:10.0.0.2:6789]',
  ],
  ['[v2:[2001:db8::1]:3300/0,v1:[2001:db8::1]:6789/0]', '[v2:[2001:db8::1]:3300,v1:[2001:db8::1]:6789]'],
  ['', undefined],
  [' , ', undefined],
  ['10.0.0.256', undefined],
  ['10.0.0.1:0', undefined],
  ['10.0.0.1:70000', undefined],
  ['[10.0.0.1]', undefined],
  ['[v2:10.0.0.1:3300', undefined],
  ['v2:10.0.0.1:3300]', undefined],
  ['a b/c', undefined],
  ['$(reboot)', undefined],
  ['-oProxy', undefined],
];

for (const [text, parsed] of monHosts) {
  test(`parseMonHost() ${parsed === undefined ? 'refuses' : 'reads'} ${JSON.stringify(text)}`, () => {
    assert.equal(parseMonHost(text), parsed);
  });
}

test('namesIn() finds the names among addresses', () => {
  const monHost = 'mon1.example.com:3300,[v2:mon2:3300,v1:10.0.0.1:6789],[2001:db8::1]:6789,[fe80::a],10.0.0.2';
  assert.deepEqual(namesIn(monHost), ['mon1.example.com', 'mon2']);
});

test('parseMonHost() gives its own answer back unchanged', () => {
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6().map((ip) => `[${ip}]`),
    fc.domain(),
  );
  const port = fc.integer({ min: 1, max: 65535 });
  const monitor = fc.oneof(
    address,
    fc.tuple(address, port).map(([host, number]) => `${host}:${number}`),
    fc.tuple(address, port, port).map(([host, a, b]) => `[v2:${host}:${a}/0,v1:${host}:${b}/0]`),
  );
  fc.assert(
    fc.property(
      fc.array(monitor, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(',', ' ', ';', ', '),
      (list, separator) => {
        const parsed = parseMonHost(list.join(separator));
        assert.notEqual(parsed, undefined);
        assert.equal(parseMonHost(parsed ?? ''), parsed);
      },
    ),
    { numRuns: 10_000 },
  );
});

test('keyTypeOf() tells both types of key from anything else', () => {
  assert.equal(keyTypeOf(new Secret(makeKey(1))), 'Aes');
  assert.equal(keyTypeOf(new Secret(makeKey(2))), 'Aes256k');
  for (const text of ['', 'secret', makeKey(1).slice(0, 36), `${makeKey(1)}\n`]) {
    assert.equal(keyTypeOf(new Secret(text)), undefined);
  }
});

for (const [version, known] of [
  ['2:16.2.15+ds-0+deb12u1', false],
  ['2:18.2.7+ds-1', false],
  ['19.2.0-0ubuntu0.24.04.2', false],
  ['19.2.6-1', true],
  ['2:20.2.1-0.el9', false],
  ['2:20.2.4-0.el9', true],
  ['21.1.0-1', false],
  ['21.2.0', true],
  ['22.1', true],
] as const) {
  test(`canUseKeyType() says that librados ${version} ${known ? 'knows' : 'does not know'} aes256k`, () => {
    assert.equal(canUseKeyType(version, 'Aes256k'), known);
    assert.equal(canUseKeyType(version, 'Aes'), true);
  });
}

test('parseConnection() reads the four keys', () => {
  const key = makeKey(1);
  const connection = parseConnection(
    'ceph-main',
    secrets({ monHost: '10.0.0.1\n', userID: 'op', userKey: `${key}\n`, fsid }),
  );
  assert.equal(connection.monHost, '10.0.0.1');
  assert.equal(connection.entity, 'client.op');
  assert.equal(connection.key.reveal(), key);
  assert.equal(connection.fsid, fsid);
});

test('parseConnection() reads ceph.conf and keyring', () => {
  const key = makeKey(2);
  const connection = parseConnection(
    'ceph-main',
    secrets({
      'ceph.conf': `[global]\nfsid = ${fsid}\nmon host = [v2:10.0.0.1:3300/0,v1:10.0.0.1:6789/0]\n`,
      keyring: `[client.op]\n\tkey = ${key}\n\tcaps mon = "allow r"\n`,
    }),
  );
  assert.equal(connection.monHost, '[v2:10.0.0.1:3300,v1:10.0.0.1:6789]');
  assert.equal(connection.entity, 'client.op');
  assert.equal(connection.key.reveal(), key);
});

const whole = { monHost: '10.0.0.1', userID: 'op', userKey: makeKey(1), fsid };
const faults: readonly (readonly [data: Record<string, string>, sentence: string])[] = [
  [{ ...whole, monHost: '' }, 'has no monHost; write the addresses of the monitors'],
  [
    { ...whole, monHost: 'a/b' },
    'has a monHost that cannot be read; write addresses like 10.0.0.1,10.0.0.2 or [v2:10.0.0.1:3300]',
  ],
  [{ ...whole, fsid: '' }, 'has no fsid; write what "ceph fsid" prints'],
  [{ ...whole, fsid: 'ceph' }, 'has an fsid that is no UUID; write what "ceph fsid" prints'],
  [{ ...whole, userID: '' }, 'has no userID; write the name of the Ceph user, without "client."'],
  [{ ...whole, userID: 'a b' }, 'has a userID that is no name of a Ceph user'],
  [{ ...whole, userID: 'a'.repeat(129) }, 'has a userID that is no name of a Ceph user'],
  [{ ...whole, userKey: '' }, 'has no key of client.op; write userKey, or a keyring that holds it'],
  [{ ...whole, userKey: 'hunter2' }, 'has a key of client.op that is no cephx key; write it as Ceph prints it'],
  [
    { ...whole, userID: '', keyring: '[client.b]\nkey = x\n[client.a]\nkey = y\n' },
    'has no userID, and its keyring holds client.a, client.b; write which',
  ],
  [{ ...whole, keyring: 'key = x' }, 'has a keyring that cannot be read: line 1 stands in no section'],
  [
    { ...whole, 'ceph.conf': '[global]\nx' },
    'has a ceph.conf that cannot be read: line 2 is neither a section nor "option = value"',
  ],
];

for (const [data, sentence] of faults) {
  test(`parseConnection() says: ${sentence}`, () => {
    assert.throws(
      () => parseConnection('ceph-main', secrets(data)),
      new Invalid('ConnectionInvalid', `The connection Secret "ceph-main" ${sentence}.`),
    );
  });
}

test('parseConnection() reads the keys that the reference tells of', () => {
  const read = new Set<string>();
  const data = new Proxy(secrets({ monHost: '10.0.0.1', fsid, userID: 'a', userKey: makeKey(1) }), {
    get: (keys, key) => {
      read.add(String(key));
      return Reflect.get(keys, key);
    },
  });
  parseConnection('ceph-main', data);
  const told = connectionSecretKeys.map(({ key }) => key).filter((key) => key !== 'policy');
  assert.deepEqual([...read].sort(), told.sort());
});
