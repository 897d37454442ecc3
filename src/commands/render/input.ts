import { z } from 'zod';
import { type CephClientAuth, cephClientAuthKind, parseCephClientAuth } from '../../api/ceph-client-auth.ts';
import {
  type CephOpenStackBinding,
  cephOpenStackBindingKind,
  parseCephOpenStackBinding,
} from '../../api/ceph-openstack-binding.ts';
import type { Policy } from '../../api/policy.ts';
import { parseRbdPool, type RbdPool, rbdPoolKind } from '../../api/rbd-pool.ts';
import { apiVersion, group, type KindDefinition, type Resource } from '../../api/resource.ts';
import { policyIn, type SecretData } from '../../controllers/secrets.ts';
import { errorMessage } from '../../errors.ts';
import { Secret } from '../../secret.ts';
import { admissionFaults } from './admission.ts';
import type { Document } from './documents.ts';

/** An object of ours, and where in the input it stands. */
export interface Placed<R extends Resource> {
  readonly place: string;
  readonly object: R;
}

/** What an administrator says in a Secret of the input; nothing else of a Secret is looked at. */
export interface SecretWords {
  readonly policy: Policy;
  /** Whom the operator logs in as, `client.` before it; undefined where the Secret does not say. */
  readonly entity: string | undefined;
  /** It is one for SSH, whose policy speaks of hosts. */
  readonly isSsh: boolean;
}

export interface Input {
  readonly bindings: readonly Placed<CephOpenStackBinding>[];
  readonly pools: readonly Placed<RbdPool>[];
  readonly clients: readonly Placed<CephClientAuth>[];
  /** By `namespace/name`. */
  readonly secrets: ReadonlyMap<string, SecretWords>;
}

const outline = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().default('default'),
    labels: z.record(z.string(), z.string()).optional().catch(undefined),
    ownerReferences: z
      .array(z.looseObject({ kind: z.string(), name: z.string() }))
      .optional()
      .catch(undefined),
  }),
  spec: z.unknown().optional(),
});
type Outline = z.infer<typeof outline>;

function isOfOthers(value: unknown): boolean {
  const { success, data } = z.object({ apiVersion: z.string().regex(/\//), kind: z.string() }).safeParse(value);
  return success && data.apiVersion.split('/')[0] !== group;
}

/** Sorts the documents into objects of ours; those of others are passed over. `faults` are whole sentences. */
export function readInput(documents: readonly Document[]): { input: Input; faults: readonly string[] } {
  const bindings: Placed<CephOpenStackBinding>[] = [];
  const pools: Placed<RbdPool>[] = [];
  const clients: Placed<CephClientAuth>[] = [];
  const secrets = new Map<string, SecretWords>();
  const faults: string[] = [];
  const places = new Map<string, string>();
  for (const { place, value } of documents) {
    const parsed = outline.safeParse(value);
    // Of others also what is no object at all, as a kustomization.
    if (!parsed.success && isOfOthers(value)) continue;
    if (!parsed.success) {
      faults.push(`${place}: is no object of Kubernetes: write apiVersion, kind and metadata.name.`);
      continue;
    }
    const found = parsed.data;
    const about = (fault: string): string => `${place}: ${nameOf(found)}: ${fault}`;
    const isSecret = found.apiVersion === 'v1' && found.kind === 'Secret';
    // A host is made by its binding, from which it is rendered.
    if (!isSecret && (found.apiVersion.split('/')[0] !== group || found.kind === 'CephOpenStackHost')) continue;
    const other = places.get(nameOf(found));
    if (other !== undefined) faults.push(about(`stands in ${other} already: take one of the two away.`));
    places.set(nameOf(found), place);
    if (isSecret) {
      try {
        secrets.set(`${found.metadata.namespace}/${found.metadata.name}`, wordsOf(found));
      } catch (error) {
        faults.push(about(errorMessage(error)));
      }
      continue;
    }
    const before = faults.length;
    const take = <R extends Resource>(definition: KindDefinition, parse: (object: unknown) => R): Placed<R>[] => {
      faults.push(...admissionFaults(definition, found).map((fault) => about(`${fault}.`)));
      return faults.length > before ? [] : [{ place, object: parse(asCreated(found)) }];
    };
    if (found.apiVersion !== apiVersion)
      faults.push(about(`has the apiVersion ${found.apiVersion}: write ${apiVersion}.`));
    else if (found.kind === 'CephOpenStackBinding')
      bindings.push(...take(cephOpenStackBindingKind, parseCephOpenStackBinding));
    else if (found.kind === 'RbdPool') pools.push(...take(rbdPoolKind, parseRbdPool));
    else if (found.kind === 'CephClientAuth') clients.push(...take(cephClientAuthKind, parseCephClientAuth));
    else faults.push(about('is of no known kind: write CephOpenStackBinding, RbdPool or CephClientAuth.'));
  }
  return { input: { bindings, pools, clients, secrets }, faults };
}

/** `CephOpenStackBinding "openstack/cloud"`, on one line whatever the input says. */
function nameOf({ kind, metadata }: Outline): string {
  return `${short(kind)} "${short(metadata.namespace)}/${short(metadata.name)}"`;
}

function short(text: string): string {
  return JSON.stringify(text.slice(0, 253)).slice(1, -1);
}

/** As the API server would give it, just made. */
function asCreated({ metadata, ...rest }: Outline): unknown {
  const { name, namespace, labels, ownerReferences } = metadata;
  const uid = `${rest.kind}/${namespace}/${name}`;
  const bare = { name, namespace, labels, ownerReferences, uid, generation: 1, creationTimestamp: '' };
  return { ...rest, metadata: { ...bare, resourceVersion: '' } };
}

const secretFields = z.looseObject({
  stringData: z.record(z.string(), z.string()).default({}),
  data: z.record(z.string(), z.string()).default({}),
});

function wordsOf(object: Outline): SecretWords {
  const fields = secretFields.safeParse(object);
  if (!fields.success) throw new Error('stringData and data must be maps of texts.');
  const { stringData, data } = fields.data;
  const value = (key: string): string | undefined =>
    stringData[key] ?? (data[key] === undefined ? undefined : Buffer.from(data[key], 'base64').toString('utf8'));
  const policy = value('policy');
  const words: SecretData = policy === undefined ? {} : { policy: new Secret(policy) };
  return {
    policy: policyIn(words, short(object.metadata.name)),
    entity: entityIn(value('userID'), value('keyring')),
    isSsh: value('ssh-privatekey') !== undefined || value('known_hosts') !== undefined,
  };
}

/** As the operator reads it (ceph/connection.ts), but of a Secret that may be encrypted or not filled in yet. */
function entityIn(userId: string | undefined, keyring: string | undefined): string | undefined {
  const id = userId?.trim().replace(/^client\./, '');
  if (id !== undefined && id !== '') return `client.${id}`;
  const [only, ...others] = [...(keyring ?? '').matchAll(/^\s*\[(client\.[^\]\s]+)\]/gm)];
  return others.length > 0 ? undefined : only?.[1];
}
