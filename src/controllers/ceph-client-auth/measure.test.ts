import assert from 'node:assert/strict';
import { test } from 'node:test';
import { series } from '../../metrics.fixture.ts';
import { keys, oldestKey } from '../../metrics.ts';
import { cephClient } from './client.fixture.ts';
import { measureClients } from './measure.ts';

const client = (clientName: string, keyType: string, keyCreated: string, entity?: string) => ({
  ...cephClient({ clientName }),
  status: { entity: entity ?? `client.${clientName}`, keyType, keyCreated },
});

test('measureClients() tells types and the oldest key of each service, by the name of the user', async () => {
  measureClients([
    client('cinder', 'Aes', '2026-01-02T00:00:00Z'),
    client('cinder-ssd', 'Aes256k', '2026-01-01T00:00:00Z'),
    client('cinder-backup', 'Aes', '2026-01-03T00:00:00Z'),
    client('backups', 'Strange', 'never'),
    { ...cephClient({ clientName: 'nova' }), status: {} },
  ]);
  assert.deepEqual(await series(keys), {
    'cinder Aes': 1,
    'cinder Aes256k': 1,
    'cinder-backup Aes': 1,
    'other Unknown': 1,
  });
  assert.deepEqual(await series(oldestKey), {
    cinder: Date.UTC(2026, 0, 1) / 1000,
    'cinder-backup': Date.UTC(2026, 0, 3) / 1000,
  });
});
