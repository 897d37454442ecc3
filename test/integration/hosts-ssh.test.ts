import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import ssh2 from 'ssh2';
import { eventually } from '../../lab/eventually.ts';
import { newSshKey } from '../../lab/ssh-key.ts';
import { lookAtNothing } from '../../src/hosts/facts.ts';
import { observeHost } from '../../src/hosts/host.ts';
import type { HostTarget, ScriptRequest, SshConnection } from '../../src/hosts/ssh-access.ts';
import { SshPool } from '../../src/hosts/ssh-pool.ts';
import { parseSshAccess } from '../../src/hosts/ssh-secret.ts';
import { type KeyType, type Sshd, startSshd } from './sshd.ts';

const never = new AbortController().signal;
let sshd: Sshd;
before(async () => {
  sshd = await startSshd();
});
after(() => sshd[Symbol.asyncDispose]());

type Options = Partial<Omit<HostTarget, 'access'>> & {
  readonly knownHosts?: string;
  readonly key?: string;
  readonly user?: string;
  readonly jump?: string;
};

function target({ knownHosts, key, user, jump, ...more }: Options = {}): HostTarget {
  const access = parseSshAccess('fleet-ssh', {
    'ssh-privatekey': key ?? sshd.clientKeys.ed25519,
    known_hosts: knownHosts ?? sshd.knownHostsLine('ed25519'),
    user,
    jump,
  });
  return { name: 'ctl1', address: '127.0.0.1', port: sshd.port, access, ...more };
}

function run(connection: SshConnection, script: string, more: Partial<ScriptRequest> = {}, signal = never) {
  return connection.run({ purpose: 'observe', script, timeoutMs: 20_000, maxOutputBytes: 100_000, ...more }, signal);
}

async function runOnce(options: Options, script = 'id -u') {
  await using pool = new SshPool();
  return await run(pool.connection(target(options)), script);
}

for (const type of ['ed25519', 'ecdsa', 'rsa'] as const satisfies readonly KeyType[]) {
  test(`a ${type} key opens the door, and the host's ${type} key alone is enough to know it`, async () => {
    const output = await runOnce({ key: sshd.clientKeys[type], knownHosts: sshd.knownHostsLine(type) });
    assert.deepEqual(output, { stdout: '0\n', stderrTail: '', exitCode: 0 });
  });

  test(`the fingerprint of the host's ${type} key alone is enough to know it`, async () => {
    const output = await runOnce({ knownHosts: '', hostKeyFingerprint: sshd.fingerprint(type) });
    assert.equal(output.stdout, '0\n');
  });
}

test('a known_hosts that ssh-keygen has hashed is understood', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'known-'));
  const file = join(folder, 'known_hosts');
  writeFileSync(file, `${sshd.knownHostsLine('ecdsa')}`);
  execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
  const knownHosts = readFileSync(file, 'utf8');
  rmSync(folder, { recursive: true });
  assert.match(knownHosts, /^\|1\|/);
  assert.equal((await runOnce({ knownHosts })).stdout, '0\n');
});

const other = `ssh-ed25519 ${newSshKey().publicKey.split(' ')[1]}`;
const refusals: readonly (readonly [string, () => Options, string, RegExp])[] = [
  [
    'known_hosts has another key',
    () => ({ knownHosts: `[127.0.0.1]:${sshd.port} ${other}` }),
    'HostKeyMismatch',
    /shows the key SHA256:.*installed anew/,
  ],
  ['known_hosts is empty', () => ({ knownHosts: '' }), 'HostKeyUnknown', /known_hosts has no key for Host "ctl1"/],
  [
    'known_hosts revokes the key',
    () => ({
      knownHosts: `${sshd.knownHostsLine('ed25519')}@revoked * ${sshd.knownHostsLine('ed25519').split(' ').slice(1).join(' ')}`,
    }),
    'HostKeyMismatch',
    /revokes/,
  ],
  [
    'known_hosts has only an authority',
    () => ({ knownHosts: `@cert-authority * ${other}` }),
    'HostKeyUnknown',
    /certificates are not supported/,
  ],
  [
    'the fingerprint is another',
    () => ({ knownHosts: '', hostKeyFingerprint: 'SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }),
    'HostKeyMismatch',
    /not the one in/,
  ],
  ['the key is not let in', () => ({ key: newSshKey().privateKey }), 'SshRefused', /refuses the key for user "root"/],
  ['the user is another', () => ({ user: 'nobody-here' }), 'SshRefused', /refuses the key for user "nobody-here"/],
  [
    'nobody listens',
    () => ({ port: 1, knownHosts: `[127.0.0.1]:1 ${other}` }),
    'HostUnreachable',
    /cannot be reached: nothing listens at this port/,
  ],
];
for (const [when, options, reason, message] of refusals) {
  test(`the host is refused with ${reason}, when ${when}`, async () => {
    await assert.rejects(runOnce(options()), { reason, message });
  });
}

test('a host without a key of the known types is refused with a sentence about that', async () => {
  await using rsaOnly = await startSshd({ types: ['rsa'] });
  const options = {
    port: rsaOnly.port,
    knownHosts: `[127.0.0.1]:${rsaOnly.port} ${other}`,
    key: rsaOnly.clientKeys.rsa,
  };
  await assert.rejects(runOnce(options), { reason: 'HostKeyMismatch', message: /no key of the types that are known/ });
});

test('nothing of a script stands in an argv, and its exit code and the end of its complaints come back', async () => {
  const output = await runOnce(
    {},
    `tr '\\0' ' ' </proc/$$/cmdline; echo; echo 'a\tb\u0007' >&2; secret=hunter2; exit 7\n`,
  );
  assert.deepEqual(output, { stdout: '/bin/sh -s \n', stderrTail: 'a b', exitCode: 7 });
});

test('a large script and a large answer arrive whole', async () => {
  const text = 'x'.repeat(700_000);
  await using pool = new SshPool();
  const output = await run(pool.connection(target()), `cat <<'E'\n${text}\nE\n`, { maxOutputBytes: 1_000_000 });
  assert.equal(output.stdout, `${text}\n`);
});

test('an endless answer is cut off, and the connection stays good for others', async () => {
  await using pool = new SshPool();
  const connection = pool.connection(target());
  await assert.rejects(run(connection, 'yes'), { reason: 'HostAnswerInvalid', message: /says more than 100000 bytes/ });
  await assert.rejects(run(connection, 'yes >&2'), { reason: 'HostAnswerInvalid' });
  assert.equal((await run(connection, 'echo fine')).stdout, 'fine\n');
});

test('a script that does not end is given up at its deadline, and does not go on', async () => {
  await using pool = new SshPool();
  const connection = pool.connection(target());
  let pid = 0;
  const onLine = (line: string) => {
    pid = Number(line);
  };
  const script = 'while :; do echo $$; sleep 0.1; done';
  await assert.rejects(run(connection, script, { timeoutMs: 2_000, onLine }), {
    reason: 'HostUnreachable',
    message: /its answer did not come within/,
  });
  assert.ok(pid > 0);
  await eventually(() => assert.equal(existsSync(`/proc/${pid}`), false));
  assert.equal((await run(connection, 'echo fine')).stdout, 'fine\n');
});

test('an abort ends a running script, a waiting one and a login, with the reason given', async () => {
  await using pool = new SshPool();
  const connection = pool.connection(target());
  const controller = new AbortController();
  const reason = new Error('stop');
  const running = [1, 2, 3, 4].map(() => run(connection, 'sleep 30', {}, controller.signal));
  setTimeout(() => controller.abort(reason), 300);
  for (const result of await Promise.allSettled(running)) {
    assert.ok(result.status === 'rejected' && result.reason === reason);
  }
  assert.equal((await run(connection, 'echo fine')).stdout, 'fine\n');
});

test('one connection serves many scripts, closes when idle, and opens anew', async () => {
  await using own = await startSshd();
  await using pool = new SshPool({ idleMs: 300 });
  const options = { port: own.port, knownHosts: own.knownHostsLine('ed25519'), key: own.clientKeys.ed25519 };
  const many = await Promise.all([1, 2, 3, 4, 5].map((n) => run(pool.connection(target(options)), `echo ${n}`)));
  assert.deepEqual(
    many.map(({ stdout }) => stdout.trim()),
    ['1', '2', '3', '4', '5'],
  );
  assert.equal(own.connections(), 1);
  await eventually(() => assert.equal(own.connections(), 0), { timeoutMs: 5_000 });
  assert.equal((await run(pool.connection(target(options)), 'echo again')).stdout, 'again\n');
});

test('a connection that was cut is opened anew for the next script', async () => {
  await using pool = new SshPool();
  const connection = pool.connection(target());
  await assert.rejects(run(connection, 'kill -9 "$(ps -o ppid= -p $$)"; sleep 5'), { reason: 'HostUnreachable' });
  assert.equal((await run(connection, 'echo again')).stdout, 'again\n');
});

test('a host behind a jump host is reached, both verified', async () => {
  const open = { key: sshd.clientKeys.ed25519, jump: `127.0.0.1:${sshd.port}` };
  // The far end lets the near end's key in: one key opens both.
  await using far = await startSshd({
    config: `AuthorizedKeysCommand /bin/echo ${publicHalf(sshd)}\nAuthorizedKeysCommandUser nobody`,
  });
  const knownHosts = `${sshd.knownHostsLine('rsa')}${far.knownHostsLine('ed25519')}`;
  assert.equal((await runOnce({ ...open, port: far.port, knownHosts })).stdout, '0\n');
  await assert.rejects(runOnce({ ...open, port: far.port, knownHosts: far.knownHostsLine('ed25519') }), {
    reason: 'HostKeyUnknown',
    message: /Jump host 127\.0\.0\.1/,
  });
  await assert.rejects(runOnce({ ...open, port: 1, knownHosts: `${knownHosts}[127.0.0.1]:1 ${other}` }), {
    reason: 'HostUnreachable',
    message: /the jump host does not get through to it/,
  });
});

function publicHalf(from: Sshd): string {
  const key = ssh2.utils.parseKey(from.clientKeys.ed25519);
  assert.ok(!(key instanceof Error));
  const one = Array.isArray(key) ? key[0] : key;
  return `ssh-ed25519 ${one?.getPublicSSH().toString('base64')}`;
}

/** Somebody who takes connections and is no sshd. */
async function listenWith(
  behave: (socket: Socket) => void,
): Promise<{ port: number; server: Server } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    behave(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    server,
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const strangers: readonly (readonly [string, (socket: Socket) => void])[] = [
  ['says nothing', () => undefined],
  ['hangs up', (socket) => socket.destroy()],
  ['speaks HTTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['floods', (socket) => setInterval(() => socket.write('x'.repeat(65_536)), 1).unref()],
  ['sends rubbish after its greeting', (socket) => socket.write(`SSH-2.0-x\r\n${'\u00ff'.repeat(5_000)}`)],
];
for (const [what, behave] of strangers) {
  test(`a listener that ${what} is unreachable, in bounded time`, async () => {
    await using stranger = await listenWith(behave);
    const started = performance.now();
    await assert.rejects(runOnce({ port: stranger.port, knownHosts: `[127.0.0.1]:${stranger.port} ${other}` }), {
      reason: 'HostUnreachable',
    });
    assert.ok(performance.now() - started < 12_000);
  });
}

test('observeHost() refuses a host that answers rubbish, or stops in the middle', async () => {
  for (const [command, message] of [
    ['echo hello', /the script did not begin \(exit code 0\)/],
    ['head -c 100000 /dev/urandom', /the script did not begin/],
    ['sh -s | head -n 20', /the script broke off/],
    ['exec false', /the script did not begin \(exit code 1\)/],
  ] as const) {
    await using odd = await startSshd({ config: `ForceCommand ${command}` });
    await using pool = new SshPool();
    const options = { port: odd.port, knownHosts: odd.knownHostsLine('ed25519'), key: odd.clientKeys.ed25519 };
    await assert.rejects(observeHost(pool.connection(target(options)), lookAtNothing, never), {
      reason: 'HostAnswerInvalid',
      message,
    });
  }
});
