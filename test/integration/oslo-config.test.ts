import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { runFolder } from '../../lab/cache.ts';
import { hostLayers } from '../../lab/layers.ts';
import { register } from '../../lab/leftovers.ts';
import { CommandError, run } from '../../lab/process.ts';
import { type Overlay, overlay } from '../../lab/roots.ts';
import { roles } from '../../src/api/ceph-openstack-host.ts';
import { glanceLayout } from '../../src/openstack/glance-layout.ts';
import { guideModel } from '../../src/openstack/model.fixture.ts';
import { editOptions } from '../../src/openstack/option-edit.ts';
import { ConfigSyntaxError, readValues, setOption } from '../../src/openstack/oslo-config.ts';
import { renderRevision } from '../../src/openstack/render-role.ts';
import { Secret } from '../../src/secret.ts';

/** The tree of a trixie host with Glance, Cinder and Nova of 2025.1: their real oslo.config. */
let tree: Overlay;
before(async () => {
  const folder = runFolder('oslo-config');
  register({ kind: 'directory', path: folder });
  tree = await overlay(await hostLayers('combined'), folder);
});
after(() => tree?.[Symbol.dispose]());

/** Reads files as the services do: one JSON string a line in, `[section, name, values]` or the line of an error out. */
const reader = `
import json, sys, tempfile
from oslo_config import cfg
for line in sys.stdin:
    with tempfile.NamedTemporaryFile('w', encoding='utf-8', newline='') as file:
        file.write(json.loads(line))
        file.flush()
        normalized = {}
        parser = cfg.ConfigParser(file.name, {})
        parser._add_normalized(normalized)
        try:
            parser.parse()
            print(json.dumps([[s, k, v] for s, options in normalized.items() for k, v in options.items()]))
        except cfg.ParseError as error:
            print('null')
`;

async function readByOslo(texts: readonly string[]): Promise<readonly ([string, string, string[]][] | null)[]> {
  const input = texts.map((text) => `${JSON.stringify(text)}\n`).join('');
  const printed = await run('chroot', [tree.root, 'env', 'LC_ALL=C.UTF-8', 'python3', '-c', reader], { input });
  return printed
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const piece = fc.oneof(
  fc.constantFrom(
    '[a]',
    '[DEFAULT]',
    '\n[B]\n',
    '\n[a]\n',
    '\nx = 1',
    '\ny:2',
    '\n x',
    '\n\tx',
    'x',
    '=',
    ':',
    ' ',
    '\t',
  ),
  fc.constantFrom(
    '\n',
    '\r',
    '\r\n',
    '#',
    '\n#',
    '\n;',
    '"',
    "'",
    '\u00a0',
    '\u0085',
    '\x1c',
    '\u2028',
    '\v',
    '[',
    ']',
  ),
  fc.string({ maxLength: 4 }),
);
const files = fc
  .tuple(fc.constantFrom('', '[a]\n', '[DEFAULT]\nx = 1\n'), fc.array(piece, { maxLength: 20 }))
  .map(([head, pieces]) => head + pieces.join(''))
  .filter((text) => text.isWellFormed() && !text.includes('\ufeff'));

test('readValues() reads what oslo.config reads, and refuses what it refuses', async () => {
  const texts = fc.sample(files, 10_000);
  const answers = await readByOslo(texts);
  let read = 0;
  for (const [index, text] of texts.entries()) {
    const answer = answers[index];
    if (answer === null) {
      assert.throws(() => readValues(text, 'a', 'x'), ConfigSyntaxError, JSON.stringify(text));
      continue;
    }
    read += 1;
    for (const [section, name, values] of answer ?? []) {
      assert.deepEqual(readValues(text, section, name), values, JSON.stringify(text));
    }
  }
  assert.ok(read > 1_000, `only ${read} of the files were whole`);
});

test('setOption() writes what oslo.config then reads', async () => {
  const values = fc.string({ maxLength: 10 }).filter((value) => !/[\r\n\0]/.test(value) && value.isWellFormed());
  const edits = fc.sample(fc.tuple(files, values), 4_000).flatMap(([text, value]) => {
    try {
      return [{ value, edited: setOption(text, 'a', 'x', value) }];
    } catch (error) {
      assert.ok(error instanceof ConfigSyntaxError);
      return [];
    }
  });
  const answers = await readByOslo(edits.map(({ edited }) => edited));
  assert.ok(edits.length > 500);
  for (const [index, { edited, value }] of edits.entries()) {
    const found = answers[index]?.find(([section, name]) => section === 'a' && name === 'x');
    assert.equal(found?.[2].at(-1), value, JSON.stringify(edited));
  }
});

const namespaces: Readonly<Record<string, readonly string[]>> = {
  'glance-api.conf': [
    'glance.api',
    'glance.store',
    'glance.multi_store',
    'oslo.log',
    'oslo.messaging',
    'oslo.db',
    'oslo.policy',
    'keystonemiddleware.auth_token',
    'oslo.concurrency',
    'oslo.middleware.cors',
    'oslo.middleware.http_proxy_to_wsgi',
  ],
  'cinder.conf': [
    'cinder',
    'oslo.log',
    'oslo.messaging',
    'oslo.db',
    'oslo.policy',
    'oslo.concurrency',
    'oslo.middleware',
    'oslo.service.periodic_task',
    'oslo.service.service',
    'oslo.service.sslutils',
    'oslo.service.wsgi',
    'keystonemiddleware.auth_token',
    'os_brick',
    'oslo.privsep',
    'oslo.reports',
  ],
  'nova.conf': [
    'nova.conf',
    'oslo.log',
    'oslo.messaging',
    'oslo.policy',
    'oslo.privsep',
    'oslo.service.periodic_task',
    'oslo.service.service',
    'oslo.middleware',
    'oslo.concurrency',
    'keystonemiddleware.auth_token',
    'oslo.limit',
    'oslo.reports',
    'oslo.versionedobjects',
  ],
};

/** Each complaint of the real validator about a file. */
async function complaints(file: string): Promise<readonly string[]> {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const args = (namespaces[name] ?? []).flatMap((namespace) => ['--namespace', namespace]);
  const groups = ['ceph', 'rbd', 'lvm', 'os_glance_staging_store', 'os_glance_tasks_store'].flatMap((group) => [
    '--exclude-group',
    group,
  ]);
  const command = [tree.root, 'oslo-config-validator', '--input-file', file, ...args, ...groups];
  try {
    await run('chroot', command);
    return [];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return `${error.stdout}\n${error.stderr}`.split('\n').filter((line) => line.startsWith('ERROR'));
  }
}

test('what is written for 2025.1 into the files that Debian ships passes oslo-config-validator', async () => {
  const kinds = roles.map((role) => ({ role, release: '2025.1', platform: 'debian-systemd' }) as const);
  const options = renderRevision(guideModel, kinds).data.roles.flatMap((role) => role.switch.options);
  const written = [...Map.groupBy(options, (option) => option.file)].map(async ([file, all]) => {
    const path = join(tree.root, file);
    const shipped = new Secret(await readFile(path, 'utf8'));
    const layout = file.endsWith('glance-api.conf') ? glanceLayout(shipped, '2025.1') : undefined;
    const counting = all.filter((option) => option.layout === undefined || option.layout === layout);
    const { content, changes } = editOptions(shipped, counting);
    assert.ok(changes.length > 0);
    await writeFile(path, content.reveal());
    assert.deepEqual(await complaints(file), [], file);
  });
  await Promise.all(written);
});

test('a file as Debian ships it has the layout of several stores', async () => {
  const shipped = await readFile(
    join((await hostLayers('controller'))[0] ?? assert.fail(), 'etc/glance/glance-api.conf'),
    'utf8',
  );
  assert.equal(glanceLayout(new Secret(shipped), '2025.1'), 'multi');
});
