import { type CephClientAuth, clientNameOf } from '../../api/ceph-client-auth.ts';
import { keys, oldestKey } from '../../metrics.ts';

/** The first that fits. */
const users = ['glance', 'cinder-backup', 'cinder', 'nova'];
const types = ['Aes', 'Aes256k'];

/** Types and ages of keys, by whom a user is for. */
export function measureClients(clients: readonly CephClientAuth[]): void {
  for (const gauge of [keys, oldestKey]) gauge.reset();
  const oldest = new Map<string, number>();
  for (const client of clients) {
    const { entity, keyType = '', keyCreated } = client.status ?? {};
    // Only of a user that is there and ours.
    if (entity === undefined) continue;
    const user = users.find((name) => clientNameOf(client).startsWith(name)) ?? 'other';
    keys.inc({ user, type: types.includes(keyType) ? keyType : 'Unknown' });
    const created = Date.parse(keyCreated ?? '') / 1000;
    if (created < (oldest.get(user) ?? Number.POSITIVE_INFINITY)) oldest.set(user, created);
  }
  for (const [user, created] of oldest) oldestKey.set({ user }, created);
}
