import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import ssh2 from 'ssh2';
import { newSshKey } from '../../lab/ssh-key.ts';
import { sshSecretKeys } from '../api/secret-keys.ts';
import { parseSshAccess } from './ssh-secret.ts';

const { privateKey, publicKey } = newSshKey();
const withPassphrase = newSshKey({ passphrase: 'x' });

test('parseSshAccess() fills in root and port 22', () => {
  const access = parseSshAccess('fleet-ssh', { 'ssh-privatekey': privateKey });
  assert.deepEqual([access.user, access.port, access.knownHosts, access.jump], ['root', 22, '', undefined]);
  assert.doesNotMatch(inspect(access), /PRIVATE/);
});

test('parseSshAccess() takes a key with Windows line ends and without a last one', () => {
  const access = parseSshAccess('fleet-ssh', {
    'ssh-privatekey': privateKey.trim().replaceAll('\n', '\r\n'),
    user: 'ops\n',
    port: ' 2222\n',
  });
  assert.deepEqual([access.user, access.port], ['ops', 2222]);
  assert.ok(!(ssh2.utils.parseKey(access.privateKey.reveal()) instanceof Error));
});

const jumps: readonly (readonly [string, object])[] = [
  ['gate.example', { user: 'ops', address: 'gate.example', port: 22 }],
  ['gate:2222', { user: 'ops', address: 'gate', port: 2222 }],
  ['me@10.0.0.1:2222', { user: 'me', address: '10.0.0.1', port: 2222 }],
  ['[2001:db8::1]:2222', { user: 'ops', address: '2001:db8::1', port: 2222 }],
  ['2001:db8::1', { user: 'ops', address: '2001:db8::1', port: 22 }],
];
for (const [jump, expected] of jumps) {
  test(`parseSshAccess() understands the jump host ${jump}`, () => {
    assert.deepEqual(parseSshAccess('fleet-ssh', { 'ssh-privatekey': privateKey, user: 'ops', jump }).jump, expected);
  });
}

const refused: readonly (readonly [string, Record<string, string>, RegExp])[] = [
  ['there is no key', {}, /^The SSH Secret "fleet-ssh" has no key "ssh-privatekey"/],
  ['the key is none', { 'ssh-privatekey': 'hello' }, /cannot be read/],
  ['the key is the public one', { 'ssh-privatekey': publicKey }, /public key/],
  ['the key has a passphrase', { 'ssh-privatekey': withPassphrase.privateKey }, /passphrase/],
  ['the port is no number', { 'ssh-privatekey': privateKey, port: '22x' }, /"port"/],
  ['the port is too large', { 'ssh-privatekey': privateKey, port: '65536' }, /"port"/],
  ['the user is none', { 'ssh-privatekey': privateKey, user: '-oProxyCommand=x' }, /"user"/],
  ['the user has a line end', { 'ssh-privatekey': privateKey, user: 'a\nb' }, /"user"/],
  ['the jump host is none', { 'ssh-privatekey': privateKey, jump: 'a b' }, /"jump"/],
  ['the jump host is longer than any name', { 'ssh-privatekey': privateKey, jump: 'a'.repeat(254) }, /"jump"/],
];
for (const [when, data, message] of refused) {
  test(`parseSshAccess() says what is wrong, when ${when}`, () => {
    assert.throws(() => parseSshAccess('fleet-ssh', data), { reason: 'SshInvalid', message });
  });
}

test('parseSshAccess() reads the keys that the reference tells of', () => {
  const read = new Set<string>();
  const data = new Proxy<Record<string, string>>(
    { 'ssh-privatekey': privateKey },
    {
      get: (keys, key) => {
        read.add(String(key));
        return Reflect.get(keys, key);
      },
    },
  );
  parseSshAccess('fleet-ssh', data);
  const told = sshSecretKeys.map(({ key }) => key).filter((key) => key !== 'policy');
  assert.deepEqual([...read].sort(), told.sort());
});
