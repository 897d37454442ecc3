import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { needCommand } from '../../lab/roots.ts';
import { renderApplyScript } from '../../src/hosts/apply-script.ts';
import { lookAtNothing } from '../../src/hosts/facts.ts';
import { renderManifest } from '../../src/hosts/manifest-text.ts';
import { renderObserveScript } from '../../src/hosts/observe-script.ts';
import { manifest, observe, sha256, shellNames, startScriptHost, writeStep } from './script-host.ts';

for (const name of shellNames) {
  describe(`in ${name}`, () => {
    test('observeHost() sees files with owner, mode, hash and content, and sends a content once', async () => {
      using host = await startScriptHost(name);
      const path = join(host.etc, 'ceph.conf');
      const text = '[global]\nfsid = ü\n\n== 0 end\n"$(id)" `id` \\n';
      writeFileSync(path, text);
      chownSync(path, 0, 1);
      chmodSync(path, 0o640);
      const { files } = await observe(host.shell, { files: [path] });
      const facts = files[path];
      assert.ok(facts?.kind === 'file');
      assert.deepEqual(
        [facts.owner, facts.group, facts.mode, facts.bytes, facts.sha256, facts.parentMissing, facts.parentProblem],
        ['root', 'daemon', '0640', Buffer.byteLength(text), sha256(text), false, undefined],
      );
      assert.equal(facts.content?.reveal(), text);
      assert.ok(facts.ageSeconds < 60);

      const again = (await observe(host.shell, { files: [path] })).files[path];
      assert.ok(again?.kind === 'file' && again.content?.reveal() === text);
      assert.match(host.shell.scripts.at(-1) ?? '', new RegExp(`known='${sha256(text)}:${path}'`));
    });

    test('observeHost() tells absent files, directories, links, devices and unsafe parents apart', async () => {
      using host = await startScriptHost(name);
      const { etc } = host;
      symlinkSync('/etc/passwd', join(etc, 'link'));
      symlinkSync(etc, join(etc, 'moved'));
      mkdirSync(join(etc, 'theirs/sub'), { recursive: true });
      chownSync(join(etc, 'theirs'), 1, 1);
      mkdirSync(join(etc, 'open'));
      chmodSync(join(etc, 'open'), 0o777);
      execFileSync('mkfifo', [join(etc, 'pipe')]);
      writeFileSync(join(etc, 'large'), 'x'.repeat(1024 * 1024 + 1));
      writeFileSync(join(etc, 'binary'), Buffer.from([0xff, 0xfe, 0]));
      const names = [
        'absent',
        'link',
        'pipe',
        'theirs',
        'large',
        'binary',
        'none/x',
        'moved/x',
        'theirs/x',
        'open/x',
        'theirs/sub/x',
      ];
      const { files } = await observe(host.shell, { files: names.map((file) => join(etc, file)) });
      const of = (file: string) => files[join(etc, file)];
      assert.deepEqual(
        names.slice(0, 6).map((file) => of(file)?.kind),
        ['absent', 'symlink', 'other', 'directory', 'file', 'file'],
      );
      const large = of('large');
      assert.ok(large?.kind === 'file' && large.sha256 === undefined && large.content === undefined);
      const binary = of('binary');
      assert.ok(binary?.kind === 'file' && binary.sha256 !== undefined && binary.content === undefined);
      assert.equal(of('none/x')?.parentMissing, true);
      assert.equal(of('moved/x')?.parentProblem, `${etc}/moved is a symbolic link`);
      assert.equal(of('theirs/x')?.parentProblem, undefined);
      assert.equal(of('theirs/x')?.parentOfOther, `${etc}/theirs belongs to daemon`);
      assert.equal(of('theirs/sub/x')?.parentProblem, `${etc}/theirs belongs to daemon`);
      assert.equal(of('open/x')?.parentProblem, `${etc}/open is writable for everybody`);
    });

    test('observeHost() reads users, packages, instances, images and the manifest', async () => {
      using host = await startScriptHost(name);
      const { etc, state } = host;
      const instances = join(etc, 'instances');
      for (const guest of ['a', 'b', 'c']) mkdirSync(join(instances, guest), { recursive: true });
      writeFileSync(join(instances, 'a/disk'), '');
      writeFileSync(join(instances, 'b/disk.config'), '');
      writeFileSync(join(instances, 'c/disk.eph0'), '');
      const images = join(etc, 'images');
      mkdirSync(join(images, 'no-image'), { recursive: true });
      writeFileSync(join(images, 'an-image'), '');
      writeFileSync(join(state, 'manifest.json'), renderManifest(manifest).reveal(), { mode: 0o600 });
      const facts = await observe(host.shell, {
        packages: ['dpkg', 'no-such-package'],
        users: ['daemon', 'nobody-here'],
        names: ['localhost', 'no-such-name.invalid'],
        instanceDirectories: [instances],
        imageDirectories: [images],
      });
      assert.deepEqual(facts.users, { daemon: { uid: 1, gid: 1, group: 'daemon' }, 'nobody-here': undefined });
      assert.ok(facts.addresses.localhost?.includes('127.0.0.1'));
      assert.deepEqual(facts.addresses['no-such-name.invalid'], []);
      assert.deepEqual(Object.keys(facts.packages), ['dpkg']);
      assert.equal(facts.packages.dpkg?.status, 'installed');
      assert.equal(facts.localInstances, 2);
      assert.equal(facts.localImages, 1);
      assert.equal(facts.os.id, 'debian');
      // The path of the manifest is another one here, so the parser sees none at the real one.
      assert.equal(facts.manifest.state, 'absent');
    });

    test('observeHost() does not read what a service links to in its own directory', async () => {
      using host = await startScriptHost(name);
      const folder = join(host.etc, 'service');
      mkdirSync(folder);
      writeFileSync(join(host.etc, 'shadow'), 'hidden');
      linkSync(join(host.etc, 'shadow'), join(folder, 'hard.conf'));
      symlinkSync(join(host.etc, 'shadow'), join(folder, 'soft.conf'));
      chownSync(folder, 1, 1);
      const files = ['hard.conf', 'soft.conf'].map((name) => join(folder, name));
      const facts = await observe(host.shell, { files });
      for (const file of files) {
        const seen = facts.files[file];
        assert.equal(seen?.kind === 'file' ? seen.content : undefined, undefined);
      }
    });
  });
}

test('shellcheck finds nothing in the scripts as they are sent', async () => {
  await needCommand('shellcheck', 'shellcheck');
  const rendered = [
    renderObserveScript(
      {
        ...lookAtNothing,
        files: ['/etc/a'],
        access: [{ user: 'a', entity: 'client.a', conf: '/etc/a', pool: 'a', interpreter: 'python3' }],
      },
      [],
      '00',
    ),
    renderApplyScript([writeStep('/etc/a', 'x'), { verb: 'install-packages', packages: ['a'] }], '00'),
  ];
  for (const input of rendered) {
    execFileSync('shellcheck', ['-s', 'sh', '-e', 'SC2034', '-'], { input });
  }
});
