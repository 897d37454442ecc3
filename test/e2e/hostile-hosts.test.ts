import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { OperatorProcess } from '../../lab/operator-process.ts';
import { startWorld } from '../../lab/world.ts';
import type { Reason } from '../../src/api/conditions.ts';
import { binding } from '../api-objects.ts';
import { type HostileHost, hostileText, type Manner, startHostileHost } from './hostile-host.ts';
import { fileOn, optionsOn, traceOf } from './seen-host.ts';
import { events, isReady, objects, readyOf, soon } from './story.ts';
import { heldBack, seen } from './waiting.ts';

/*
 * One honest host among machines that answer garbage, endlessly, not at all, or with lies in the right form: each is
 * named for what it does within a bounded time, and the honest one is wired as if it were alone.
 */

const expected: Readonly<Record<Manner, { readonly reasons: readonly Reason[]; readonly says: RegExp }>> = {
  mute: { reasons: ['HostUnreachable'], says: /mute.*cannot be reached/ },
  silent: { reasons: ['HostUnreachable'], says: /silent.*cannot be reached: its answer did not come within 90 s/ },
  garbage: { reasons: ['HostAnswerInvalid'], says: /garbage.*does not answer as it should/ },
  endless: { reasons: ['HostAnswerInvalid'], says: /endless.*says more than \d+ bytes/ },
  empty: { reasons: ['HostAnswerInvalid'], says: /empty.*does not answer as it should/ },
  // It says that all is done, and that nothing of it is there.
  lying: { reasons: ['Failed', 'Contested'], says: /Not settled|put back/ },
};
const manners = Object.keys(expected) as Manner[];

const world = await startWorld({ hosts: [{ name: 'ctl1', layer: 'controller', roles: ['GlanceApi'] }] });
after(() => world[Symbol.asyncDispose]());
const honest = world.host('ctl1');
const hostile = new Map<Manner, HostileHost>();
let operator: OperatorProcess;

before(async () => {
  for (const manner of manners) hostile.set(manner, await startHostileHost(manner));
  const lines = [honest.knownHostsLine, ...[...hostile.values()].map((host) => host.knownHostsLine)];
  await world.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'fleet-ssh', namespace: world.namespace },
    stringData: { known_hosts: lines.map((line) => `${line}\n`).join('') },
  });
  operator = await world.startOperator({ HOST_LOOK_SECONDS: '20' });
  const hosts = [
    { name: 'ctl1', address: honest.address, roles: ['GlanceApi'] },
    ...[...hostile].map(([name, { address, port }]) => ({ name, address, port, roles: ['GlanceApi'] })),
  ];
  const others = { cinder: undefined, cinderBackup: undefined, nova: undefined };
  await world.apply(binding({ hosts, ...others, rollout: { canary: 0 } }, 'cloud'));
});
after(async () => {
  for (const host of hostile.values()) await host[Symbol.asyncDispose]();
});

describe('beside hostile hosts', () => {
  it('the honest one is wired', async () => {
    // A host that is asked for the first time is waited for as long as it may take to answer.
    await soon(
      world,
      'the honest host is switched',
      async () => {
        const host = await seen(world, 'cephopenstackhost', 'cloud-ctl1');
        assert.equal(typeof host.status?.switched, 'string');
        assert.ok(isReady(host));
      },
      { timeoutMs: 180_000 },
    );
    const option = await optionsOn(honest, '/etc/glance/glance-api.conf');
    assert.equal(option('rbd', 'rbd_store_pool'), 'images');
  });

  it('the binding says which hosts hold it back', async () => {
    const sentence = await heldBack(world, 'cephopenstackbinding', 'cloud', ['HostsNotReady', 'WaitingForHosts']);
    assert.match(sentence, /garbage/);
  });
});

for (const manner of manners) {
  it(`a host that is ${manner} is named for it within a bounded time`, async () => {
    const { reasons, says } = expected[manner];
    await heldBack(world, 'cephopenstackhost', `cloud-${manner}`, reasons, says, { timeoutMs: 150_000 });
    const host = hostile.get(manner);
    assert.ok(manner === 'mute' || (host !== undefined && host.scripts > 0), 'it was never asked');
  });
}

describe('after more looks', () => {
  it('the honest host is Ready and untouched, and all are still named', async () => {
    const before = await traceOf(honest);
    const asked = hostile.get('lying')?.scripts ?? 0;
    await soon(
      world,
      'every host was looked at again',
      () => {
        assert.ok((hostile.get('lying')?.scripts ?? 0) > asked + 1);
      },
      { timeoutMs: 120_000 },
    );
    assert.ok(isReady(await seen(world, 'cephopenstackhost', 'cloud-ctl1')));
    assert.deepEqual(await traceOf(honest), before);
    for (const manner of manners) {
      const condition = readyOf(await seen(world, 'cephopenstackhost', `cloud-${manner}`));
      assert.ok(
        expected[manner].reasons.some((reason) => reason === condition?.reason),
        `${manner}: ${condition?.reason}`,
      );
    }
  });

  it('nothing that they said was done, written or repeated with its control characters', async () => {
    assert.ok(!existsSync('/tmp/owned'));
    assert.equal(await fileOn(honest, '/tmp/owned'), undefined);
    const shown = JSON.stringify([await objects(world), await events(world)]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.doesNotMatch(shown, /\\u00[01][0-9a-f]|[\u0000-\u001f\u202e]/);
    const logged = operator.log.join('\n');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.doesNotMatch(logged, /[\u0000-\u0009\u000b-\u001f\u202e]|\\u001b/);
    assert.ok(!logged.includes(hostileText));
  });

  it('the operator lives, and took no more than its bounds from the endless one', async () => {
    assert.ok(operator.running);
    const endless = hostile.get('endless');
    assert.ok(endless !== undefined && endless.scripts > 0);
    // What stands in sockets and windows when it is cut off comes on top.
    assert.ok(endless.bytesTaken / endless.scripts < 64 * 1024 * 1024, `${endless.bytesTaken} bytes`);
    const memory = await memoryOf(operator.pid);
    assert.ok(memory < 600 * 1024 * 1024, `${memory} bytes`);
  });
});

async function memoryOf(pid: number): Promise<number> {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}
