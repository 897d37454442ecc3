import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { renderApplyScript } from '../../src/hosts/apply-script.ts';
import { manifestHash } from '../../src/hosts/manifest-text.ts';
import { apply, manifest, observe, sha256, shellNames, startScriptHost, writeStep } from './script-host.ts';

for (const name of shellNames) {
  describe(`in ${name}`, () => {
    test('applySteps() writes a file with its rights, and is settled the second time', async () => {
      using host = await startScriptHost(name);
      const path = join(host.etc, 'ceph.client.glance.keyring');
      const text = `${'x'.repeat(300_000)}\n'"$(touch /tmp/owned)\\ \`id\`\u0000EOF\nEND\n`;
      assert.deepEqual(await apply(host.shell, writeStep(path, text)), ['done']);
      assert.equal(readFileSync(path, 'utf8'), text);
      const stat = statSync(path);
      assert.deepEqual([stat.uid, stat.gid, stat.mode & 0o7777], [0, 1, 0o640]);
      const inode = stat.ino;
      assert.deepEqual(await apply(host.shell, writeStep(path, text)), ['already']);
      assert.equal(statSync(path).ino, inode);

      chmodSync(path, 0o644);
      assert.deepEqual(await apply(host.shell, writeStep(path, text)), ['done']);
      assert.equal(statSync(path).mode & 0o7777, 0o640);
      assert.deepEqual(await apply(host.shell, writeStep(path, 'new', { expected: sha256(text) })), ['done']);
      assert.equal(readFileSync(path, 'utf8'), 'new');
      assert.deepEqual(readdirSync(host.etc), ['ceph.client.glance.keyring']);
      assert.deepEqual(readdirSync(host.state), ['lock']);
    });

    test('applySteps() refuses a file that changed since, and does nothing after it', async () => {
      using host = await startScriptHost(name);
      const path = join(host.etc, 'nova.conf');
      const after = join(host.etc, 'after');
      writeFileSync(path, 'theirs');
      await assert.rejects(apply(host.shell, writeStep(path, 'ours'), writeStep(after, 'x')), {
        reason: 'Conflict',
        message: `Host "local" changed while it was worked on: ${path} is not as it was when it was looked at.`,
      });
      await assert.rejects(apply(host.shell, { verb: 'remove-file', path, expected: sha256('other') }), {
        reason: 'Conflict',
      });
      assert.equal(readFileSync(path, 'utf8'), 'theirs');
      assert.equal(existsSync(after), false);
    });

    test('applySteps() writes nowhere that others than root could move away', async () => {
      using host = await startScriptHost(name);
      const { etc } = host;
      mkdirSync(join(etc, 'theirs/sub'), { recursive: true });
      chownSync(join(etc, 'theirs'), 1, 1);
      mkdirSync(join(etc, 'group/sub'), { recursive: true });
      mkdirSync(join(etc, 'open'));
      chmodSync(join(etc, 'open'), 0o777);
      chmodSync(join(etc, 'group'), 0o770);
      chownSync(join(etc, 'group'), 0, 1);
      symlinkSync(etc, join(etc, 'moved'));
      symlinkSync('/etc/passwd', join(etc, 'link'));
      mkdirSync(join(etc, 'directory'));
      const cases: readonly (readonly [string, RegExp])[] = [
        ['theirs/sub/x', /theirs does not belong to root/],
        ['group/sub/x', /group is writable for a group/],
        ['open/x', /open is writable for everybody/],
        ['moved/x', /moved is a symbolic link/],
        ['link', /link is a symbolic link/],
        ['directory', /directory is no regular file/],
        ['none/x', /none does not exist/],
      ];
      for (const [file, message] of cases) {
        await assert.rejects(apply(host.shell, writeStep(join(etc, file), 'x')), { reason: 'StepFailed', message });
      }
      await assert.rejects(apply(host.shell, writeStep(join(etc, 'x'), 'x', { owner: 'nobody-here' })), {
        message: /there is no user nobody-here/,
      });
    });

    test('applySteps() replaces a file in a directory of a service, and changes nothing in place there', async () => {
      using host = await startScriptHost(name);
      const folder = join(host.etc, 'service');
      const path = join(folder, 'service.conf');
      mkdirSync(folder);
      writeFileSync(path, 'old');
      chownSync(folder, 1, 1);
      assert.deepEqual(await apply(host.shell, writeStep(path, 'new', { expected: sha256('old') })), ['done']);
      assert.equal(readFileSync(path, 'utf8'), 'new');
      assert.deepEqual(readdirSync(host.etc), ['service']);
      const rights = { owner: 'root', group: 'root', mode: '0600' } as const;
      for (const step of [
        { verb: 'set-permissions', path, ...rights },
        { verb: 'remove-file', path, expected: sha256('new') },
      ] as const) {
        await assert.rejects(apply(host.shell, step), { message: /service does not belong to root/ });
      }
    });

    test('applySteps() makes and removes directories and files', async () => {
      using host = await startScriptHost(name);
      const path = join(host.etc, 'ceph');
      const rights = { owner: 'root', group: 'daemon', mode: '0750' } as const;
      const make = { verb: 'make-directory', path, ...rights } as const;
      const file = join(path, 'ceph.conf');
      assert.deepEqual(await apply(host.shell, make, make, writeStep(file, 'x')), ['done', 'already', 'done']);
      assert.equal(statSync(path).mode & 0o7777, 0o750);
      const mend = { verb: 'set-permissions', path: file, owner: 'root', group: 'root', mode: '0600' } as const;
      assert.deepEqual(await apply(host.shell, mend, mend), ['done', 'already']);
      const remove = { verb: 'remove-directory', path } as const;
      const removeFile = { verb: 'remove-file', path: file, expected: sha256('x') } as const;
      assert.deepEqual(await apply(host.shell, remove, removeFile, removeFile, remove, remove), [
        'skipped',
        'done',
        'already',
        'done',
        'already',
      ]);
    });

    test('applySteps() keeps the manifest, and stamps a debt with the time at which it writes', async () => {
      using host = await startScriptHost(name);
      const before = { invocation: 'a', failing: false };
      const pending = { ...manifest, debts: { 'x.service': { digest: 'd', since: 'Pending', before } } } as const;
      const now = { ...manifest, debts: { 'x.service': { digest: 'd', since: 'Now', before } } } as const;
      const first = (await observe(host.shell, {})).clock;
      assert.deepEqual(
        await apply(
          host.shell,
          { verb: 'write-manifest', manifest: pending, expected: 'absent' },
          { verb: 'write-manifest', manifest: pending, expected: 'absent' },
          { verb: 'write-manifest', manifest: now, expected: manifestHash(pending) },
        ),
        ['done', 'already', 'done'],
      );
      const last = (await observe(host.shell, {})).clock;
      const path = join(host.state, 'manifest.json');
      assert.equal(statSync(path).mode & 0o7777, 0o600);
      const text = readFileSync(path, 'utf8');
      const { since } = JSON.parse(text).debts['x.service'];
      assert.equal(since.bootID, last.bootID);
      assert.ok(since.ticks >= first.ticks && since.ticks <= last.ticks, `${first.ticks} ${since.ticks} ${last.ticks}`);
      assert.deepEqual(await apply(host.shell, { verb: 'remove-manifest', expected: sha256(text) }), ['done']);
      assert.equal(existsSync(path), false);
    });

    test('applySteps() sweeps what a killed transaction left, before it begins', async () => {
      using host = await startScriptHost(name);
      const path = join(host.etc, 'a');
      // Dies where a file stands beside the one it is to replace, and its key in memory.
      const killer = host.edited((script) => script.replace('  sync "$new"', () => '  kill -9 $$\n  sync "$new"'));
      await assert.rejects(apply(killer, writeStep(path, 'secret')), { reason: 'HostAnswerInvalid' });
      assert.deepEqual(readdirSync(host.etc), ['.ceph-openstack-operator.a']);
      assert.deepEqual(await apply(host.shell, writeStep(path, 'secret')), ['done']);
      assert.deepEqual(readdirSync(host.etc), ['a']);
      assert.deepEqual(readdirSync(host.run), []);
    });

    test('applySteps() lets one transaction at a time work', async () => {
      using host = await startScriptHost(name);
      const path = join(host.etc, 'a');
      const all = await Promise.allSettled(
        ['1', '2', '3', '4'].map((text) =>
          apply(host.shell, writeStep(path, text), writeStep(join(host.etc, text), 'x')),
        ),
      );
      assert.deepEqual(all.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected', 'rejected']);
      assert.equal(readdirSync(host.etc).length, 2);
    });

    test('applySteps() does nothing of a script that arrives only in part', async () => {
      using host = await startScriptHost(name);
      const path = join(host.etc, 'a');
      const script = renderApplyScript([writeStep(path, 'x')], '00');
      for (const part of [0.2, 0.6, 0.9, 0.999]) {
        const broken = host.edited((whole) => whole.slice(0, Math.floor(whole.length * part)));
        await assert.rejects(apply(broken, writeStep(path, 'x')), { reason: 'HostAnswerInvalid' });
      }
      assert.ok(script.length > 1000);
      assert.deepEqual(readdirSync(host.etc), []);
    });
  });
}
