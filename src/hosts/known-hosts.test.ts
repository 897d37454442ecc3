import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostKeyAttempts, keyFingerprint, keyType, knownKeys, parseKnownHosts, verifyHostKey } from './known-hosts.ts';

/** Something with the wire form of a public key. */
function makeKey(type: string): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(type.length);
  return Buffer.concat([head, Buffer.from(type), randomBytes(32)]);
}

function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

const ed25519 = makeKey('ssh-ed25519');
const rsa = makeKey('ssh-rsa');
const dsa = makeKey('ssh-dss');
const line = (names: string, key: Buffer, marker = '') =>
  `${marker}${names} ${keyType(key)} ${key.toString('base64')} comment`;

const cases: readonly {
  readonly name: string;
  readonly text: string;
  readonly hosts?: readonly string[];
  readonly port?: number;
  readonly key?: Buffer;
  readonly fingerprint?: string;
  readonly verdict: ReturnType<typeof verifyHostKey>;
}[] = [
  { name: 'a plain line', text: line('10.0.0.1', ed25519), verdict: 'trusted' },
  {
    name: 'a list of names, without regard to case',
    text: line('a,B.example,10.0.0.1', ed25519),
    hosts: ['b.EXAMPLE'],
    verdict: 'trusted',
  },
  { name: 'a hashed line', text: line(hashed('10.0.0.1'), ed25519), verdict: 'trusted' },
  { name: 'a hashed line of another host', text: line(hashed('10.0.0.2'), ed25519), verdict: 'unknown' },
  { name: 'a hashed line with a port', text: line(hashed('[10.0.0.1]:2222'), ed25519), port: 2222, verdict: 'trusted' },
  { name: 'a line with another port', text: line('[10.0.0.1]:2222', ed25519), port: 2223, verdict: 'unknown' },
  {
    name: 'a line without the port, as OpenSSH takes it',
    text: line('10.0.0.1', ed25519),
    port: 2222,
    verdict: 'trusted',
  },
  {
    name: 'the line with the port before the one without',
    text: `${line('10.0.0.1', ed25519)}\n${line('[10.0.0.1]:2222', rsa)}`,
    port: 2222,
    verdict: 'mismatch',
  },
  { name: 'an IPv6 address', text: line('2001:db8::1', ed25519), hosts: ['2001:DB8::1'], verdict: 'trusted' },
  { name: 'a pattern', text: line('10.0.*.?', ed25519), verdict: 'trusted' },
  { name: 'a pattern with an exception', text: line('10.0.*,!10.0.0.1', ed25519), verdict: 'unknown' },
  {
    name: 'a second name, where the first says nothing',
    text: line('ctl1', ed25519),
    hosts: ['10.0.0.1', 'ctl1'],
    verdict: 'trusted',
  },
  {
    name: 'the address before the second name',
    text: `${line('10.0.0.1', rsa)}\n${line('ctl1', ed25519)}`,
    hosts: ['10.0.0.1', 'ctl1'],
    verdict: 'mismatch',
  },
  { name: 'another key of the host', text: line('10.0.0.1', makeKey('ssh-ed25519')), verdict: 'mismatch' },
  { name: 'one of two keys', text: `${line('10.0.0.1', rsa)}\n${line('10.0.0.1', ed25519)}`, verdict: 'trusted' },
  {
    name: 'a revoked key',
    text: `${line('10.0.0.1', ed25519)}\n${line('*', ed25519, '@revoked ')}`,
    verdict: 'revoked',
  },
  {
    name: 'a revoked key with a fingerprint',
    text: line('10.0.0.1', ed25519, '@revoked '),
    fingerprint: keyFingerprint(ed25519),
    verdict: 'revoked',
  },
  { name: 'an authority', text: line('*', ed25519, '@cert-authority '), verdict: 'unknown' },
  { name: 'a marker that nobody knows', text: line('10.0.0.1', ed25519, '@trusted '), verdict: 'unknown' },
  { name: 'a DSA key', text: line('10.0.0.1', dsa), key: dsa, verdict: 'unknown' },
  {
    name: "a type that is not the key's",
    text: line('10.0.0.1', ed25519).replace('ssh-ed25519', 'ssh-rsa'),
    verdict: 'unknown',
  },
  {
    name: 'comments, blank lines and rubbish',
    text: `# x\n\n10.0.0.1\n10.0.0.1 ssh-rsa\n \t${line('10.0.0.1', ed25519)}\r\n`,
    verdict: 'trusted',
  },
  { name: 'nothing', text: '', verdict: 'unknown' },
  { name: 'a fingerprint', text: '', fingerprint: keyFingerprint(ed25519), verdict: 'trusted' },
  { name: 'another fingerprint', text: '', fingerprint: keyFingerprint(rsa), verdict: 'mismatch' },
  {
    name: 'a fingerprint that known_hosts contradicts',
    text: line('10.0.0.1', rsa),
    fingerprint: keyFingerprint(ed25519),
    verdict: 'mismatch',
  },
  {
    name: 'known_hosts that the fingerprint contradicts',
    text: line('10.0.0.1', ed25519),
    fingerprint: keyFingerprint(rsa),
    verdict: 'mismatch',
  },
];

for (const { name, text, hosts = ['10.0.0.1'], port = 22, key = ed25519, fingerprint, verdict } of cases) {
  test(`verifyHostKey() says ${verdict}, when there is ${name}`, () => {
    const known = knownKeys(parseKnownHosts(text), hosts, port);
    assert.equal(verifyHostKey(key, known, fingerprint), verdict);
  });
}

test('knownKeys() says so, when only an authority covers the host', () => {
  const authority = line('*', ed25519, '@cert-authority ');
  assert.equal(knownKeys(parseKnownHosts(authority), ['a'], 22).onlyAuthority, true);
  assert.equal(knownKeys(parseKnownHosts(`${authority}\n${line('a', rsa)}`), ['a'], 22).onlyAuthority, false);
});

test('hostKeyAttempts() asks for the types that are known, else for each type by itself', () => {
  const known = knownKeys(parseKnownHosts(`${line('a', rsa)}\n${line('a', ed25519)}`), ['a'], 22);
  assert.deepEqual(hostKeyAttempts(known), [['ssh-ed25519', 'ssh-rsa']]);
  assert.deepEqual(hostKeyAttempts(knownKeys([], ['a'], 22))[0], ['ssh-ed25519']);
  assert.equal(hostKeyAttempts(knownKeys([], ['a'], 22)).length, 5);
});

test('parseKnownHosts() takes any text, and trusts no key that is not in it', () => {
  const field = fc.oneof(
    fc.string(),
    fc.constantFrom('@revoked', '|1|a|b', '*', '!*', '10.0.0.1', 'ssh-ed25519', 'AAAA'),
  );
  const text = fc.array(
    fc.array(field, { maxLength: 6 }).map((fields) => fields.join(' ')),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(text, (lines) => {
      const known = knownKeys(parseKnownHosts(lines.join('\n')), ['10.0.0.1', 'ctl1'], 22);
      assert.notEqual(verifyHostKey(ed25519, known, undefined), 'trusted');
    }),
    { numRuns: 10_000 },
  );
});
