import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { roles } from '../api/ceph-openstack-host.ts';
import { Secret } from '../secret.ts';
import type { GlanceLayout, Option, RenderedRole } from './desired-host.ts';
import { guideModel, storesModel } from './model.fixture.ts';
import type { OpenStackModel } from './model.ts';
import { editOptions, effectiveValue } from './option-edit.ts';
import { isSince, type Release, releases } from './releases.ts';
import { renderRevision, renderRole } from './render-role.ts';

const platform = 'debian-systemd';

function rendered(model: OpenStackModel, release: Release): readonly RenderedRole[] {
  const { data, refusals } = renderRevision(
    model,
    roles.map((role) => ({ role, release, platform })),
  );
  assert.deepEqual(refusals, []);
  return data.roles;
}

/** The services' files as they come out of empty ones. */
function files(model: OpenStackModel, release: Release, layout: GlanceLayout): string {
  const options = rendered(model, release).flatMap((role) => role.switch.options);
  return [...Map.groupBy(options, (option) => option.file)]
    .map(([file, all]) => {
      const counting = all.filter((option) => option.layout === undefined || option.layout === layout);
      return `# ${file}\n${editOptions(new Secret(''), counting).content.reveal()}`;
    })
    .join('\n');
}

// `UPDATE_GOLDEN=1 node --test …` writes them anew; then read what changed against the guide and the option table.
for (const [release, layout] of [
  ['havana', 'single'],
  ['icehouse', 'single'],
  ['juno', 'single'],
  ['queens', 'single'],
  ['train', 'multi'],
  ['2025.1', 'single'],
  ['2025.1', 'multi'],
] as const) {
  test(`renderRole() writes what the guide says for ${release}, into files with a ${layout} layout`, () => {
    const golden = new URL(`testdata/${release}-${layout}.conf`, import.meta.url);
    const text = files(guideModel, release, layout);
    if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, text);
    assert.equal(text, readFileSync(golden, 'utf8'));
  });
}

for (const release of ['train', '2025.1'] as const) {
  test(`renderRole() writes two stores for ${release}, into a file that had one`, () => {
    const golden = new URL(`testdata/${release}-stores.conf`, import.meta.url);
    const glance = rendered(storesModel, release).find(({ role }) => role === 'GlanceApi') ?? assert.fail();
    const before =
      '[DEFAULT]\n\n[glance_store]\nstores = file,http,rbd\ndefault_store = rbd\nrbd_store_pool = images\nrbd_store_user = glance\nfilesystem_store_datadir = /var/lib/glance/images\n';
    const text = editOptions(new Secret(before), glance.switch.options).content.reveal();
    if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, text);
    assert.equal(text, readFileSync(golden, 'utf8'));
  });
}

interface Truth {
  service: string;
  file: string;
  option: string;
  sections: { from: Release; to: Release; section: string; name: string }[];
  values?: { from: Release; to: Release; value: string }[];
  bestPractice: string;
}
const truth: readonly Truth[] = JSON.parse(
  readFileSync(new URL('testdata/openstack-options.json', import.meta.url), 'utf8'),
);
const services = {
  GlanceApi: 'glance-api',
  CinderVolume: 'cinder-volume',
  CinderBackup: 'cinder-backup',
  NovaCompute: 'nova-compute',
} as const;

/** A model that says all that can be said. */
const everything: OpenStackModel = {
  ...guideModel,
  conf: { ...guideModel.conf, path: '/etc/ceph/north.conf' },
  glance: {
    ...(guideModel.glance ?? assert.fail()),
    stores: [{ ...(guideModel.glance ?? assert.fail()).stores[0], chunkSizeMb: 8 }],
  },
  cinder: {
    backends: (guideModel.cinder ?? assert.fail()).backends.map((backend) => ({
      ...backend,
      exclusivePool: false,
      maxCloneDepth: 5,
      flattenVolumeFromSnapshot: false,
      chunkSizeMb: 4,
      connectTimeoutSeconds: -1,
    })),
  },
  cinderBackup: {
    ...(guideModel.cinderBackup ?? assert.fail()),
    chunkSizeBytes: 134217728,
    stripeUnit: 0,
    stripeCount: 0,
    restoreDiscardExcessBytes: true,
  },
  nova: {
    ...(guideModel.nova ?? assert.fail()),
    fileInjection: 'Disabled',
    liveMigrationFlags: ['VIR_MIGRATE_LIVE'],
    diskCacheModes: ['network=writeback', 'file=directsync'],
    hwDiskDiscard: 'Unmap',
  },
};

const covers = (range: { from: Release; to: Release }, release: Release): boolean =>
  releases.indexOf(range.from) <= releases.indexOf(release) && releases.indexOf(release) <= releases.indexOf(range.to);

function rowsOf(option: Option, service: string, release: Release): readonly Truth[] {
  const generic =
    ({ ceph: '<backend>', rbd: '<store>', fast: '<store>' } as Record<string, string>)[option.section] ??
    option.section;
  return truth.filter(
    (row) =>
      row.service === service &&
      option.file.endsWith(`/${row.file}`) &&
      row.sections.some((place) => place.section === generic && place.name === option.name && covers(place, release)),
  );
}

for (const release of releases) {
  test(`renderRole() writes only options that ${release} reads, in their section and under their name`, () => {
    for (const model of [guideModel, everything, ...(isSince(release, 'train') ? [storesModel] : [])]) {
      for (const role of rendered(model, release)) {
        const places = role.switch.options.map(({ section, name, layout }) => `${layout ?? ''} [${section}] ${name}`);
        assert.deepEqual(places, [...new Set(places)], 'each option is written once');
        for (const option of role.switch.options) {
          const what = `${role.role} [${option.section}] ${option.name}`;
          const rows = rowsOf(option, services[role.role], release);
          assert.equal(rows.length, 1, what);
          const value = rows[0]?.values?.find((range) => covers(range, release))?.value;
          if (value !== undefined) assert.deepEqual(option.edit, { how: 'set', value }, what);
        }
      }
    }
  });

  test(`renderRole() writes all that ${release} must be told`, () => {
    for (const role of rendered(guideModel, release)) {
      const must = truth.filter(
        (row) =>
          row.service === services[role.role] &&
          /^(set|rbd for ephemeral|cinder\.volume\.drivers|havana-pike 'cinder)/.test(row.bestPractice) &&
          !/only (when|with)|^set for havana-stein/.test(row.bestPractice) &&
          row.sections.some((place) => covers(place, release)) &&
          !(/with enabled_backends/.test(row.bestPractice) && release !== 'train'),
      );
      for (const row of must) {
        const names = row.sections.filter((place) => covers(place, release)).map((place) => place.name);
        assert.ok(
          role.switch.options.some((option) => names.includes(option.name)),
          `${role.role} ${row.option}`,
        );
      }
    }
  });
}

test('renderRole() never writes what the table warns of', () => {
  for (const release of releases) {
    for (const role of rendered(everything, release)) {
      for (const option of role.switch.options) {
        assert.ok(!['rbd_keyring_conf', 'volume_tmp_dir'].includes(option.name));
        // In Glance 0 came to mean for ever.
        assert.ok(role.role !== 'GlanceApi' || option.name !== 'rados_connect_timeout');
        if (option.edit.how === 'set')
          assert.ok(!option.edit.value.includes('#'), 'an inline comment is part of a value');
      }
    }
  }
});

test('renderRole() refuses a back end in DEFAULT, when the release no longer reads it there', () => {
  const [backend] = guideModel.cinder?.backends ?? [];
  assert.ok(backend);
  const model = { ...guideModel, cinder: { backends: [{ ...backend, section: 'DEFAULT' }] } };
  const newton = renderRole(model, { role: 'CinderVolume', release: 'newton', platform });
  assert.ok(!('refused' in newton));
  assert.deepEqual(
    newton.switch.options.filter((option) => option.name === 'rbd_pool').map((option) => option.section),
    ['DEFAULT'],
  );
  const ocata = renderRole(model, { role: 'CinderVolume', release: 'ocata', platform });
  assert.ok('refused' in ocata && ocata.refused === 'ReleaseMismatch' && ocata.message.includes('update_host'));
});

for (const [release, stores, conversion] of [
  ['havana', 'refused', 'refused'],
  ['queens', 'refused', 'refused'],
  ['rocky', 'refused', 'refused'],
  ['stein', 'refused', 'raw'],
  ['train', 'named', 'raw'],
  ['2026.2', 'named', 'raw'],
] as const) {
  test(`renderRole() has stores ${stores} and conversion ${conversion} for ${release}`, () => {
    const both = storesModel.glance ?? assert.fail();
    const { conversion: _, ...named } = both;
    const one = { ...(guideModel.glance ?? assert.fail()), conversion: 'raw' } as const;
    const kind = { role: 'GlanceApi', release, platform } as const;
    const several = renderRole({ ...guideModel, glance: named }, kind);
    if (stores === 'named') assert.ok(!('refused' in several));
    else
      assert.match(
        'refused' in several ? `${several.refused} ${several.message}` : '',
        /^ReleaseMismatch .*\("rbd", "fast"\).* train or later/,
      );
    const converting = renderRole({ ...guideModel, glance: one }, kind);
    if ('refused' in converting) {
      assert.equal(conversion, 'refused');
      assert.match(`${converting.refused} ${converting.message}`, /^ReleaseMismatch .* stein or later/);
    } else {
      const options = converting.switch.options.map(({ section, name }) => `[${section}] ${name}`);
      assert.ok(options.includes('[image_import_opts] image_import_plugins'));
      assert.ok(converting.distribute.packages.some(({ name }) => name === 'qemu-utils'));
    }
  });
}

test('renderRole() refuses an extra option that the binding writes itself, and adds the others', () => {
  const kind = { role: 'NovaCompute', release: '2025.1', platform } as const;
  const clash = renderRole({ ...guideModel, extraConfig: { 'nova.conf': { libvirt: { rbd_user: 'x' } } } }, kind);
  assert.ok('refused' in clash && clash.message.includes('[libvirt] rbd_user of nova.conf'));
  const extra = renderRole({ ...guideModel, extraConfig: { 'nova.conf': { DEFAULT: { cpu_mode: 'x' } } } }, kind);
  assert.ok(!('refused' in extra));
  assert.equal(extra.switch.options.at(-1)?.name, 'cpu_mode');
});

test('renderRole() shows where images lie, unless it is told to hide it', () => {
  for (const [exposeDirectUrl, before, after] of [
    [true, '', 'true'],
    [true, 'show_image_direct_url = False\n', 'true'],
    [false, '', undefined],
    [false, 'show_image_direct_url = True\n', 'false'],
  ] as const) {
    const model = { ...guideModel, glance: { ...(guideModel.glance ?? assert.fail()), exposeDirectUrl } };
    const glance = rendered(model, '2025.1').find(({ role }) => role === 'GlanceApi') ?? assert.fail();
    const { content } = editOptions(new Secret(`[DEFAULT]\n${before}`), glance.switch.options);
    assert.equal(effectiveValue(content, 'DEFAULT', 'show_image_direct_url')?.reveal(), after);
  }
});

test('renderRole() proves what each service opens, as its own user', () => {
  const checks = rendered(guideModel, '2025.1').flatMap((role) =>
    role.access.map((check) => `${role.role}: ${check.user} opens ${check.pool} as ${check.entity}`),
  );
  assert.deepEqual(checks, [
    'CinderBackup: cinder opens backups as client.cinder-backup',
    'CinderBackup: cinder opens volumes as client.cinder',
    'CinderVolume: cinder opens volumes as client.cinder',
    'GlanceApi: glance opens images as client.glance',
    'NovaCompute: nova opens vms as client.cinder',
    'NovaCompute: nova opens volumes as client.cinder',
  ]);
});

test('renderRevision() gives the same text, whatever the order of the machines', () => {
  const kinds = roles.map((role) => ({ role, release: '2025.1', platform }) as const);
  const text = JSON.stringify(renderRevision(guideModel, kinds).data);
  assert.equal(JSON.stringify(renderRevision(guideModel, [...kinds].reverse().concat(kinds)).data), text);
});
