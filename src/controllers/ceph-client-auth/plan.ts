import { type CephClientAuth, clientSecretNameOf, entityOf } from '../../api/ceph-client-auth.ts';
import { entityRefusal, type Policy, poolRefusal, takeOverRefusal } from '../../api/policy.ts';
import { rightsOn, withKept } from '../../ceph/access-caps.ts';
import { type Caps, equalCaps } from '../../ceph/caps.ts';
import { type KeyType, keyTypeOf } from '../../ceph/key.ts';
import { sameOwner } from '../../ceph/marks.ts';
import type { User } from '../../ceph/users.ts';
import type { Hold, Plan } from '../../kube/reconciler.ts';
import { belongsTo } from '../another-owner.ts';
import { passing, stalled } from '../hold.ts';
import type { Doubt } from './access.ts';
import { contentFingerprint, holdsAll, renderKeptSecret } from './kept-secret.ts';
import type { Observed, ObservedClient } from './observed.ts';
import { planAbsence } from './plan-absence.ts';
import { type ClientStep, describeCaps } from './steps.ts';

/** What has to be done for a user and its Secret. */
export function planClient(resource: CephClientAuth, observed: Observed): Plan<ClientStep> {
  if (observed.kind === 'let-go') return { stages: [] };
  if (resource.metadata.deletionTimestamp !== undefined) return planAbsence(resource, observed);
  const refusal = refuse(resource, observed);
  if (refusal !== undefined) return { stages: [], hold: refusal };
  return observed.user === undefined
    ? planCreation(resource, observed)
    : planExisting(resource, observed, observed.user);
}

/** Why this resource may not touch the user at all. */
function refuse(resource: CephClientAuth, observed: ObservedClient): Hold | undefined {
  const { policy, ownEntity, rival, ownership, kept, user, wanted } = observed;
  const entity = entityOf(resource);
  const { adoption } = resource.spec;
  const forbidden = entityRefusal(policy, entity, ownEntity);
  if (forbidden !== undefined) return stalled('PolicyForbids', forbidden);
  if (rival !== undefined && ownership.kind !== 'ours') {
    const message = `CephClientAuth "${rival}" declared the user "${entity}" before: delete one of the two.`;
    return stalled('Conflict', message);
  }
  if (ownership.kind === 'anothers') {
    if (ownership.alive || adoption !== 'TakeOver') {
      return stalled('OwnedByAnother', belongsTo(`The user "${entity}"`, ownership));
    }
    const refusal = takeOverRefusal(policy);
    if (refusal !== undefined) return stalled('PolicyForbids', refusal);
  }
  if (ownership.kind === 'unowned' && adoption === 'Never') {
    const there = ownership.rekeyed
      ? 'has another key than the one that was made here'
      : 'exists and nobody has marked it';
    const caps = describeCaps(user?.caps ?? {});
    const message = `The user "${entity}" ${there} (${caps}): set adoption: IfUnowned to adopt it, or choose another clientName.`;
    return stalled('AlreadyExists', message);
  }
  if (kept !== undefined && !kept.isOurs) {
    const name = clientSecretNameOf(resource);
    return stalled(
      'SecretConflict',
      `The Secret "${name}" exists and is not ours: delete it, or name another in spec.secret.`,
    );
  }
  // What Ceph would not take is no reason to leave the Secret alone; what is declared wrongly is.
  return 'hold' in wanted && wanted.hold.stalled ? wanted.hold : undefined;
}

function planCreation(resource: CephClientAuth, observed: ObservedClient): Plan<ClientStep> {
  const { wanted, record, owner, kept } = observed;
  if ('hold' in wanted) return { stages: [], hold: wanted.hold };
  const { caps } = wanted;
  const entity = entityOf(resource);
  const { keyType } = resource.spec;
  const restorable = restorableFingerprint(observed);
  const keyHold = refuseKeyType(entity, restorable?.keyType ?? keyType, observed.keyTypes);
  if (keyHold !== undefined) return { stages: [], hold: keyHold };
  const finish: readonly ClientStep[] = [
    { verb: 'record-owner', entity },
    { verb: 'write-secret', entity, secretName: clientSecretNameOf(resource), exists: kept !== undefined },
  ];
  if (restorable !== undefined) {
    const { keyFingerprint } = restorable;
    return { stages: [[{ verb: 'restore-user', entity, caps, keyFingerprint }], finish] };
  }
  const isIntended =
    record !== undefined &&
    sameOwner(record, owner) &&
    'creatingWith' in record &&
    equalCaps(record.creatingWith, caps);
  return {
    stages: [
      isIntended ? [] : [{ verb: 'record-intent', entity, caps }],
      [{ verb: 'create-user', entity, caps, ...(keyType === undefined ? {} : { keyType }) }],
      finish,
    ],
  };
}

/** The key that the user had, if our Secret still holds it unaltered: putting it back strands nobody who uses it. */
function restorableFingerprint({ kept, record, owner, cluster }: ObservedClient) {
  const key = kept?.data.userKey;
  if (key === undefined || record === undefined || !sameOwner(record, owner)) return undefined;
  const keyType = keyTypeOf(key);
  const keyFingerprint = key.fingerprint();
  const isUnaltered = 'keyFingerprint' in record && record.keyFingerprint === keyFingerprint;
  if (!isUnaltered || keyType === undefined || kept?.data.fsid?.reveal() !== cluster.fsid) return undefined;
  return { keyFingerprint, keyType };
}

function planExisting(resource: CephClientAuth, observed: ObservedClient, user: User): Plan<ClientStep> {
  const { entity } = user;
  const { wanted, policy, ownership, record, owner, kept, cluster, keyTypes } = observed;
  const isRecorded =
    record !== undefined &&
    sameOwner(record, owner) &&
    'keyFingerprint' in record &&
    record.keyFingerprint === user.key.fingerprint();
  const former = ownership.kind === 'anothers' ? { former: ownership.name } : {};
  const content = renderKeptSecret(user, cluster);
  const isKept = kept !== undefined && holdsAll(kept.data, content);
  const writeSecret: ClientStep = {
    ...{ verb: 'write-secret', entity, secretName: clientSecretNameOf(resource), exists: kept !== undefined },
    fingerprint: contentFingerprint(content),
  };
  const hasToWait = 'hold' in wanted ? wanted.hold : keepRights(user, wanted.doubt);
  const stages: readonly (readonly ClientStep[])[] = [
    isRecorded ? [] : [{ verb: 'record-owner', entity, ...former }],
    [
      ...('caps' in wanted
        ? planCaps(user, hasToWait === undefined ? wanted.caps : addTo(user, wanted.caps, policy))
        : []),
      ...(isKept ? [] : [writeSecret]),
    ],
  ];
  const hold =
    hasToWait ??
    refuseOtherType(entity, keyTypeOf(user.key), resource.spec.keyType) ??
    refuseKeyType(entity, keyTypeOf(user.key), keyTypes);
  return hold === undefined ? { stages } : { stages, hold };
}

/** Whoever loses the pool that has the data of its images loses them, and Ceph tells it of each only when it is read. */
function keepRights({ entity, caps }: User, doubt: Doubt | undefined): Hold | undefined {
  const kept = doubt?.pools.filter((pool) => rightsOn(pool, caps) !== 'None').sort() ?? [];
  if (doubt === undefined || kept.length === 0) return undefined;
  const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
  const pools = `the pool${kept.length > 1 ? 's' : ''} ${quoted(kept)}`;
  const message = `The user "${entity}" keeps its caps, which reach ${pools}, where its images may have their data, until this is known: when RbdPool ${quoted(doubt.rbdPools.toSorted())} is Ready.`;
  return passing('WaitingForPool', message);
}

/** In doubt nothing is taken away; what is new goes through, unless it cannot be given together with what is kept. */
function addTo({ caps }: User, wanted: Caps, policy: Policy): Caps {
  return withKept(wanted, caps, (pool) => poolRefusal(policy, pool) === undefined) ?? caps;
}

function planCaps(user: User, caps: Caps): ClientStep[] {
  return equalCaps(user.caps, caps) ? [] : [{ verb: 'set-caps', entity: user.entity, from: user.caps, caps }];
}

const cipherNames: Readonly<Record<KeyType, string>> = { Aes: 'aes', Aes256k: 'aes256k' };

/** With a key of a type that the cluster does not let in, nobody could log in. */
function refuseKeyType(entity: string, type: KeyType | undefined, allowed: readonly KeyType[]): Hold | undefined {
  if (type === undefined || allowed.includes(type)) return undefined;
  const names = allowed.map((name) => cipherNames[name]).sort();
  const message = `The cluster lets in keys of type ${names.join(', ')} only, and "${entity}" is to have one of type ${cipherNames[type]}: allow it with "ceph mon set auth_allowed_ciphers ${['aes', 'aes256k'].join(',')}", or make a user with another keyType.`;
  return stalled('KeyTypeUnsupported', message);
}

/** Clients hold the key: another type is another key, and would strand them. */
function refuseOtherType(entity: string, type: KeyType | undefined, wanted: KeyType | undefined): Hold | undefined {
  if (wanted === undefined || type === undefined || type === wanted) return undefined;
  const message = `The user "${entity}" has a key of type ${type}, which is never changed in place: make another user with keyType ${wanted}.`;
  return stalled('KeyTypeUnsupported', message);
}
