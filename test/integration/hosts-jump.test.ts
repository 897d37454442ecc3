import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import ssh2 from 'ssh2';
import { newSshKey } from '../../lab/ssh-key.ts';
import { SshPool } from '../../src/hosts/ssh-pool.ts';
import { parseSshAccess } from '../../src/hosts/ssh-secret.ts';

/** A jump host that lets anybody in; `way` is what it does when it is asked for a way through. */
async function startJump(way: (reject: () => void) => void) {
  const { privateKey, publicKey } = newSshKey();
  const clients = new Set<ssh2.Connection>();
  const server = new ssh2.Server({ hostKeys: [privateKey] }, (client) => {
    clients.add(client);
    client.on('error', () => undefined);
    client.on('authentication', (context) => context.accept());
    client.on('tcpip', (_accept, reject) => way(() => void reject()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    knownHosts: `[127.0.0.1]:${port} ${publicKey}\nbehind ${publicKey}\n`,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.end();
      server.close();
      await once(server, 'close');
    },
  };
}

const ways = [
  ['says nothing of it', () => undefined, /"cmp1" \(.*\) cannot be reached: it did not answer the jump host in time/],
  ['does not get to it', (reject: () => void) => reject(), /"cmp1" \(.*\) cannot be reached: the jump host does not/],
] as const;
for (const [what, way, message] of ways) {
  test(`a host is unreachable soon, when its jump host ${what}`, async () => {
    await using jump = await startJump(way);
    await using pool = new SshPool({ throughTimeoutMs: 500 });
    const access = parseSshAccess('fleet-ssh', {
      'ssh-privatekey': newSshKey().privateKey,
      known_hosts: jump.knownHosts,
      jump: `127.0.0.1:${jump.port}`,
    });
    const host = pool.connection({ name: 'cmp1', address: 'behind', access });
    const request = { purpose: 'observe' as const, script: 'true', timeoutMs: 5_000, maxOutputBytes: 1_000 };
    const startedAt = performance.now();
    await assert.rejects(host.run(request, new AbortController().signal), { reason: 'HostUnreachable', message });
    assert.ok(performance.now() - startedAt < 5_000);
  });
}
