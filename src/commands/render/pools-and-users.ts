import { type CephClientAuth, clientSecretNameOf, entityOf } from '../../api/ceph-client-auth.ts';
import {
  entityRefusal,
  isReservedEntity,
  type Policy,
  poolRefusal,
  rawCapsRefusal,
  takeOverRefusal,
} from '../../api/policy.ts';
import { dataPoolNameOf, poolNameOf, poolNamesOf, type RbdPool } from '../../api/rbd-pool.ts';
import type { Resource } from '../../api/resource.ts';
import type { PoolAccess } from '../../ceph/access-caps.ts';
import { derivedCaps, writtenCaps } from '../../controllers/ceph-client-auth/access.ts';
import { partsOf } from '../../controllers/pool-parts.ts';
import { wantedPlacement } from '../../controllers/rbd-pool/crush-rule.ts';
import { wantedProfile } from '../../controllers/rbd-pool/erasure-profile.ts';
import { newPool, planSettings } from '../../controllers/rbd-pool/settings.ts';
import type { SecretWords } from './input.ts';
import type { RenderedPool, RenderedUser } from './rendering.ts';

/** A thing, or why it cannot be as it is declared: whole sentences. */
export type Outcome<T> = { readonly rendered: T; readonly faults: readonly string[] };

type Declared = RbdPool | CephClientAuth;

function makerOf({ metadata }: Declared) {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

function common(object: Declared) {
  const { metadata, kind, spec } = object;
  const owner = makerOf(object);
  return {
    object: `${kind} ${metadata.namespace}/${metadata.name}`,
    ...(owner?.kind === 'CephOpenStackBinding' ? { binding: `${metadata.namespace}/${owner.name}` } : {}),
    cluster: spec.cluster.secretName,
    adoption: spec.adoption,
    deletionPolicy: spec.deletionPolicy,
    mode: spec.mode,
  };
}

/** The pools of a resource that are made anew. `words` are those of its connection, where they are known. */
export function renderPools(resource: RbdPool, words: SecretWords | undefined): Outcome<readonly RenderedPool[]> {
  const outcomes = Object.values(partsOf(resource)).map((part: RbdPool) => renderPool(part, words));
  const dataPool = dataPoolNameOf(resource);
  return {
    rendered: outcomes.map(({ rendered }, index) =>
      index === 0 && dataPool !== undefined ? { ...rendered, dataPool } : rendered,
    ),
    faults: [...new Set(outcomes.flatMap(({ faults }) => faults))],
  };
}

function renderPool(resource: RbdPool, words: SecretWords | undefined): Outcome<RenderedPool> {
  const pool = poolNameOf(resource);
  const { first, second } = planSettings(resource, undefined, { usage: undefined, rules: [] });
  const { size, crushRule, pgNum, autoscale, bulk } = newPool(resource);
  const made = { size, crush_rule: crushRule, pg_num: pgNum, pg_autoscale_mode: autoscale, bulk };
  const placement = wantedPlacement(resource);
  return {
    rendered: {
      ...common(resource),
      pool,
      settings: [
        ...Object.entries(made).flatMap(([name, value]) =>
          value === undefined ? [] : [{ name, value: String(value) }],
        ),
        ...[...first, ...second].flatMap((step) => {
          if (step.verb === 'set-variable') return [{ name: step.variable, value: step.to }];
          return step.verb === 'set-quota' ? [{ name: `quota_${step.field}`, value: String(step.to) }] : [];
        }),
      ],
      ...(placement === undefined ? {} : { crushRule: plain(placement) }),
      ...(resource.spec.erasureCoded === undefined ? {} : { erasureProfile: wantedProfile(resource) }),
      namespaces: [...(resource.spec.namespaces ?? [])].sort(),
    },
    faults: judged(words, resource, (policy) => [poolRefusal(policy, pool)]),
  };
}

function plain({ root, failureDomain, deviceClass }: NonNullable<ReturnType<typeof wantedPlacement>>) {
  return { root, failureDomain, ...(deviceClass === undefined ? {} : { deviceClass }) };
}

/** The caps of a user. `pools` are all that its references may mean. */
export function renderUser(
  resource: CephClientAuth,
  pools: readonly RbdPool[],
  words: SecretWords | undefined,
): Outcome<RenderedUser> {
  const entity = entityOf(resource);
  const { access, capsStyle, caps, keyType, cluster } = resource.spec;
  const faults: string[] = [];
  const granted: PoolAccess[] = [];
  for (const { pool, poolRef, mode, namespace } of access ?? []) {
    const referenced = pools.find(
      ({ metadata }) => metadata.namespace === resource.metadata.namespace && metadata.name === poolRef?.name,
    );
    const names = referenced === undefined ? [pool ?? []].flat() : poolNamesOf(referenced);
    if (names.length === 0) {
      faults.push(`RbdPool "${poolRef?.name}" is not in the input: give its file as well, or correct the reference.`);
    } else if (referenced !== undefined && referenced.spec.cluster.secretName !== cluster.secretName) {
      faults.push(`RbdPool "${poolRef?.name}" is in another cluster: refer to a pool of "${cluster.secretName}".`);
    } else {
      granted.push(...names.map((name) => ({ pool: name, mode, ...(namespace === undefined ? {} : { namespace }) })));
    }
  }
  const wanted = caps === undefined ? { caps: derivedCaps(capsStyle, granted) } : writtenCaps(resource);
  if ('hold' in wanted) faults.push(wanted.hold.message);
  const reserved = isReservedEntity(entity, words?.entity ?? '');
  return {
    rendered: {
      ...common(resource),
      entity,
      caps: 'hold' in wanted ? {} : wanted.caps,
      ...(keyType === undefined ? {} : { keyType }),
      secret: clientSecretNameOf(resource),
    },
    faults: [
      ...faults,
      ...(reserved
        ? [`The user "${entity}" is reserved for the cluster and its operators: choose another clientName.`]
        : []),
      ...judged(words, resource, (policy) => [
        reserved ? undefined : entityRefusal(policy, entity, words?.entity ?? ''),
        ...granted.map(({ pool }) => poolRefusal(policy, pool)),
        caps === undefined ? undefined : rawCapsRefusal(policy),
      ]),
    ],
  };
}

/** What the policy of the connection refuses, where it is in the input. */
function judged(
  words: SecretWords | undefined,
  { spec }: Declared,
  refusals: (policy: Policy) => readonly (string | undefined)[],
): readonly string[] {
  if (words === undefined) return [];
  const all = [...refusals(words.policy), spec.adoption === 'TakeOver' ? takeOverRefusal(words.policy) : undefined];
  return [...new Set(all.filter((refusal) => refusal !== undefined))];
}

/** Of two objects that declare one thing in one cluster, the later; two of one binding's own are told of the binding. */
export function rivals<R extends Resource & Declared>(
  objects: readonly R[],
  nameOf: (object: R) => string,
): ReadonlyMap<R, R> {
  const first = new Map<string, R>();
  const later = new Map<R, R>();
  for (const object of objects) {
    const place = `${object.metadata.namespace} ${object.spec.cluster.secretName} ${nameOf(object)}`;
    const other = first.get(place);
    const maker = makerOf(object)?.uid;
    if (other === undefined) first.set(place, object);
    else if (maker === undefined || maker !== makerOf(other)?.uid) later.set(object, other);
  }
  return later;
}
