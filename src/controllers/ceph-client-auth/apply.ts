import { type CephClientAuth, clientSecretNameOf } from '../../api/ceph-client-auth.ts';
import { type UserRecord, userRecordKey } from '../../ceph/marks.ts';
import { removeRecord, writeRecord } from '../../ceph/records.ts';
import { createUser, readUser, removeUser, restoreUser, setCaps, type User } from '../../ceph/users.ts';
import type { SecretData } from '../secrets.ts';
import { renderKeptSecret } from './kept-secret.ts';
import type { ClientConnection } from './observe.ts';
import type { ClientStep } from './steps.ts';

type Reach = Extract<ClientConnection, { kind: 'reach' }>;

/** Writes the Secret that a resource keeps; refuses to touch one that another keeps. */
export type KeepSecret = (
  resource: CephClientAuth,
  name: string,
  data: SecretData,
  options: { readonly exists: boolean },
  signal: AbortSignal,
) => Promise<void>;

/** Does one step. Each is idempotent: Ceph answers 0, or the same again, to what is done already. */
export async function applyClientStep(
  step: ClientStep,
  resource: CephClientAuth,
  connection: Reach,
  keepSecret: KeepSecret,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, owner } = connection;
  const { entity } = step;
  switch (step.verb) {
    case 'record-intent': {
      const record: UserRecord = { ...owner, creatingWith: step.caps };
      return writeRecord(cluster, userRecordKey(entity), record, signal);
    }
    case 'create-user':
      return createUser(cluster, entity, step.caps, step.keyType, signal);
    case 'restore-user':
      return restore(step, resource, connection, signal);
    case 'record-owner': {
      const { key } = await userThatIs(entity, connection, signal);
      const record: UserRecord = { ...owner, keyFingerprint: key.fingerprint() };
      return writeRecord(cluster, userRecordKey(entity), record, signal);
    }
    case 'set-caps':
      return setCaps(cluster, entity, step.caps, signal);
    case 'write-secret': {
      const data = renderKeptSecret(await userThatIs(entity, connection, signal), cluster);
      return keepSecret(resource, step.secretName, data, { exists: step.exists }, signal);
    }
    case 'delete-user':
      return removeUser(cluster, entity, signal);
    case 'forget-user':
      return removeRecord(cluster, userRecordKey(entity), signal);
  }
}

async function restore(
  { entity, caps, keyFingerprint }: Extract<ClientStep, { verb: 'restore-user' }>,
  resource: CephClientAuth,
  { cluster, secrets }: Reach,
  signal: AbortSignal,
): Promise<void> {
  const name = clientSecretNameOf(resource);
  const kept = await secrets.readKept(resource, name, signal);
  const key = kept?.data.userKey;
  if (key?.fingerprint() !== keyFingerprint)
    throw new Error(`The Secret "${name}" was changed while it was being read.`);
  await restoreUser(cluster, { entity, key, caps }, signal);
}

async function userThatIs(entity: string, { cluster }: Reach, signal: AbortSignal): Promise<User> {
  const user = await readUser(cluster, entity, signal);
  if (user === undefined) throw new Error(`The user "${entity}" vanished while it was being made.`);
  return user;
}
