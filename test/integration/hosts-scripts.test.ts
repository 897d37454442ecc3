import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { needCommand } from '../../lab/roots.ts';
import { renderApplyScript } from '../../src/hosts/apply-script.ts';
import { type HostFacts, lookAtNothing, type ObserveRequest } from '../../src/hosts/facts.ts';
import { applySteps, observeHost } from '../../src/hosts/host.ts';
import type { Manifest } from '../../src/hosts/manifest.ts';
import { manifestHash, renderManifest } from '../../src/hosts/manifest-text.ts';
import { renderObserveScript } from '../../src/hosts/observe-script.ts';
import type { HostStep, StepResult } from '../../src/hosts/steps.ts';
import { Secret } from '../../src/secret.ts';
import { type LocalShell, localShell, rootOnlyFolder } from './local-shell.ts';

const never = new AbortController().signal;
function observe(shell: LocalShell, request: Partial<ObserveRequest>): Promise<HostFacts> {
  return observeHost(shell, { ...lookAtNothing, ...request }, never);
}

async function apply(shell: LocalShell, ...steps: readonly HostStep[]): Promise<readonly StepResult['outcome'][]> {
  const outcomes: StepResult['outcome'][] = [];
  await applySteps(shell, steps, (_, result) => outcomes.push(result.outcome), never);
  return outcomes;
}

function writeStep(path: string, text: string, more: Partial<HostStep & { verb: 'write-file' }> = {}): HostStep {
  const rights = { owner: 'root', group: 'daemon', mode: '0640' };
  return { verb: 'write-file', path, content: new Secret(text), ...rights, expected: 'absent', ...more };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const manifest: Manifest = {
  version: 1,
  owner: { installation: 'test', namespace: 'openstack', name: 'cloud' },
  files: {},
  options: [],
  libvirtSecrets: {},
  packages: [],
  directories: [],
  debts: {},
};

const shells: readonly (readonly [string, readonly [string, ...string[]]])[] = [
  ['dash', ['dash']],
  ['bash', ['bash', '--posix']],
  ['busybox', ['busybox', 'sh']],
];

before(async () => {
  await needCommand('busybox', 'busybox');
  await needCommand('shellcheck', 'shellcheck');
});

for (const [name, command] of shells) {
  describe(`in ${name}`, () => {
    /** A shell, and a root-only folder that stands for a host's directories. */
    function setUp() {
      const folder = rootOnlyFolder();
      const etc = join(folder.path, 'etc');
      mkdirSync(etc, { mode: 0o755 });
      chmodSync(folder.path, 0o755);
      const tools = join(folder.path, 'tools');
      if (name === 'busybox') {
        mkdirSync(tools);
        execFileSync('busybox', ['--install', '-s', tools]);
      }
      const shell = localShell(command, folder.path, name === 'busybox' ? { tools } : {});
      return { shell, etc, state: join(folder.path, 'state'), [Symbol.dispose]: () => folder[Symbol.dispose]() };
    }

    test('observeHost() sees files with owner, mode, hash and content, and sends a content once', async () => {
      using host = setUp();
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
      using host = setUp();
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

    test('observeHost() reads drop-ins, users, packages, instances and the manifest', async () => {
      using host = setUp();
      const { etc, state } = host;
      const instances = join(etc, 'instances');
      for (const guest of ['a', 'b', 'c']) mkdirSync(join(instances, guest), { recursive: true });
      writeFileSync(join(instances, 'a/disk'), '');
      writeFileSync(join(instances, 'b/disk.config'), '');
      writeFileSync(join(instances, 'c/disk.eph0'), '');
      for (const file of ['b.conf', 'a.conf', 'c.conf~', "d'$(id).conf"]) writeFileSync(join(etc, file), file);
      writeFileSync(join(state, 'manifest.json'), renderManifest(manifest).reveal(), { mode: 0o600 });
      const facts = await observe(host.shell, {
        packages: ['dpkg', 'no-such-package'],
        confDirectories: [etc, join(etc, 'none')],
        users: ['daemon', 'nobody-here'],
        instanceDirectories: [instances],
      });
      assert.deepEqual(facts.directories, {
        [etc]: [join(etc, 'a.conf'), join(etc, 'b.conf')],
        [join(etc, 'none')]: undefined,
      });
      const dropIn = facts.files[join(etc, 'a.conf')];
      assert.equal(dropIn?.kind === 'file' && dropIn.content?.reveal(), 'a.conf');
      assert.deepEqual(facts.users, { daemon: { uid: 1, gid: 1, group: 'daemon' }, 'nobody-here': undefined });
      assert.deepEqual(Object.keys(facts.packages), ['dpkg']);
      assert.equal(facts.packages.dpkg?.status, 'installed');
      assert.equal(facts.localInstances, 2);
      assert.ok((facts.freeBytes['/etc'] ?? 0) > 0 && (facts.freeBytes['/run'] ?? 0) > 0);
      assert.equal(facts.os.id, 'debian');
      // The path of the manifest is another one here, so the parser sees none at the real one.
      assert.equal(facts.manifest.state, 'absent');
    });

    test('applySteps() writes a file with its rights, and is settled the second time', async () => {
      using host = setUp();
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
      using host = setUp();
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
      using host = setUp();
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
      using host = setUp();
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

    test('observeHost() does not read what a service links to in its own directory', async () => {
      using host = setUp();
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

    test('applySteps() makes and removes directories and files', async () => {
      using host = setUp();
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
      using host = setUp();
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
      using host = setUp();
      const path = join(host.etc, 'a');
      const killer = localShell(command, join(host.state, '..'), {
        ...(name === 'busybox' ? { tools: join(host.state, '../tools') } : {}),
        // Dies where a file stands beside the one it is to replace, and its key in memory.
        edit: (script) => script.replace('  sync "$new"', () => '  kill -9 $$\n  sync "$new"'),
      });
      await assert.rejects(apply(killer, writeStep(path, 'secret')), { reason: 'HostAnswerInvalid' });
      assert.deepEqual(readdirSync(host.etc), ['.ceph-openstack-operator.a']);
      assert.deepEqual(await apply(host.shell, writeStep(path, 'secret')), ['done']);
      assert.deepEqual(readdirSync(host.etc), ['a']);
      assert.deepEqual(
        readdirSync('/run').filter((file) => file.startsWith('ceph-openstack-operator.')),
        [],
      );
    });

    test('applySteps() lets one transaction at a time work', async () => {
      using host = setUp();
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
      using host = setUp();
      const path = join(host.etc, 'a');
      const script = renderApplyScript([writeStep(path, 'x')], '00');
      for (const part of [0.2, 0.6, 0.9, 0.999]) {
        const broken = localShell(command, join(host.state, '..'), {
          edit: (whole) => whole.slice(0, Math.floor(whole.length * part)),
        });
        await assert.rejects(apply(broken, writeStep(path, 'x')), { reason: 'HostAnswerInvalid' });
      }
      assert.ok(script.length > 1000);
      assert.deepEqual(readdirSync(host.etc), []);
    });
  });
}

test('shellcheck finds nothing in the scripts as they are sent', () => {
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
