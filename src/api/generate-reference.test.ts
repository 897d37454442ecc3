import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cephClientAuthKind } from './ceph-client-auth.ts';
import { cephOpenStackBindingKind } from './ceph-openstack-binding.ts';
import { renderReference } from './generate-reference.ts';
import { rbdPoolKind } from './rbd-pool.ts';

const text = renderReference([cephOpenStackBindingKind, rbdPoolKind, cephClientAuthKind]);
const rows = new Map(
  text
    .split('## RbdPool')[0]
    ?.split('\n')
    .map((line) => [line.split('`')[1] ?? '', line]),
);

describe('renderReference()', () => {
  const names: Readonly<Record<string, string>> = {
    'glance.pool.poolName': 'Default: images.',
    'glance.client.clientName': 'Default: glance.',
    'glance.client.secret': 'Default: &lt;binding>-glance-ceph-client.',
    'cinder.backends[].pool.poolName': 'Default: volumes for the back end ceph, volumes-&lt;name> for another.',
    'cinder.backends[].client.clientName': 'Default: cinder for the back end ceph, cinder-&lt;name> for another.',
    'cinderBackup.pool.poolName': 'Default: backups.',
    'cinderBackup.client.clientName': 'Default: cinder-backup.',
    'nova.ephemeral.pool.poolName': 'Default: vms.',
    'cinder.backends': 'Order matters: Nova shares the user of the first',
  };
  for (const [field, words] of Object.entries(names)) {
    it(`says what is left out at ${field}`, () => assert.ok(rows.get(field)?.includes(words), rows.get(field)));
  }

  for (const section of ['glance', 'cinder.backends[]', 'cinderBackup', 'nova.ephemeral']) {
    it(`tells the fields of a pool once, and where, at ${section}.pool`, () => {
      assert.equal(rows.get(`${section}.pool.replicated`), undefined);
      assert.match(rows.get(`${section}.pool`) ?? '', /Further fields as in the spec of \[RbdPool\]\(#rbdpool\)/);
    });
  }

  it('sets rules apart from what a field says', () => {
    assert.match(
      rows.get('glance') ?? '',
      /\| Images in Ceph\. \{\} takes the defaults\.<br>\*Rule:\* pool and poolRef exclude each other: write one of them\.<br>\*Rule:\* /,
    );
  });

  it('lists its chapters, with links that lead there', () => {
    const links = [...text.matchAll(/^- \[(.+)\]\(#(.+)\)$/gm)];
    const titles = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    assert.deepEqual(
      links.map(([, title]) => title),
      titles,
    );
    for (const [, title = '', anchor] of links) assert.equal(anchor, title.toLowerCase());
  });

  it('tells every field of a pool in its own chapter', () => {
    for (const field of ['poolName', 'replicated.size', 'compression.mode', 'namespaces']) {
      assert.ok(text.split('## RbdPool')[1]?.includes(`| \`${field}\` |`), field);
    }
  });
});
