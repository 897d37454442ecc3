import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../secret.ts';
import { glanceLayout } from './glance-layout.ts';

const shipped = '[DEFAULT]\n\n[glance_store]\nfilesystem_store_datadir = /var/lib/glance/images\n';
const several = '[DEFAULT]\nenabled_backends = file:file\n[glance_store]\nstores = file\n';

for (const [what, text, release, expected] of [
  ['a new host', shipped, '2025.1', 'multi'],
  ['a new host of train', shipped, 'train', 'multi'],
  ['a new host of stein, where several are an experiment', shipped, 'stein', 'single'],
  ['a new host of juno', shipped, 'juno', 'single'],
  ['an empty file', '', '2026.2', 'multi'],
  ['several stores', several, '2025.1', 'multi'],
  ['several stores in rocky', several, 'rocky', 'multi'],
  ['a list of stores', '[glance_store]\nstores = file,http\n', '2025.1', 'single'],
  ['a default store', '[glance_store]\ndefault_store = file\n', '2025.1', 'single'],
  ['options of RBD', '[glance_store]\nrbd_store_pool = images\n', '2025.1', 'single'],
  ['a store that is only a comment', '[glance_store]\n#stores = rbd\n', '2025.1', 'multi'],
] as const) {
  test(`glanceLayout() says ${expected}, when there is ${what}`, () => {
    assert.equal(glanceLayout(new Secret(text), release), expected);
  });
}
