import { apiVersion, type Kind, type KubeObject, type Manifest, type ObjectKey } from './kinds.ts';
import { isNotFound } from './kube-error.ts';
import type { Transport, TransportRequest } from './transport.ts';

/** The name under which the API server records the fields that are ours. */
export const fieldManager = 'ceph-openstack-operator';

export interface ListOptions {
  /** Left out: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
}

export interface DeleteOptions {
  /** Refuses (409) to delete another object that now bears the name. */
  readonly uid?: string;
  /** Refuses (409) to delete an object that was changed since. */
  readonly resourceVersion?: string;
  readonly propagation?: 'Foreground' | 'Background' | 'Orphan';
}

/** Reads and writes objects as raw JSON. Every call has a deadline of its own beside `signal`; failures are KubeError. */
export interface Client {
  /** `undefined` when there is none. */
  get<T extends KubeObject>(kind: Kind<T>, at: ObjectKey, signal?: AbortSignal): Promise<T | undefined>;
  /** 409 `AlreadyExists` when the name is taken. */
  create<T extends KubeObject>(kind: Kind<T>, object: Manifest, signal?: AbortSignal): Promise<T>;
  /** Server-side apply: makes or changes, owns exactly the fields given, takes them from others (force). */
  apply<T extends KubeObject>(kind: Kind<T>, object: Manifest, signal?: AbortSignal): Promise<T>;
  /** Server-side apply of the status subresource; 404 when the object is gone. */
  applyStatus<T extends KubeObject>(kind: Kind<T>, object: Manifest, signal?: AbortSignal): Promise<T>;
  /** Merge patch; a `metadata.resourceVersion` within it makes a stale one fail with 409 `Conflict`. */
  mergePatch<T extends KubeObject>(
    kind: Kind<T>,
    at: ObjectKey,
    patch: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): Promise<T>;
  /** The same of the status subresource. */
  patchStatus<T extends KubeObject>(
    kind: Kind<T>,
    at: ObjectKey,
    patch: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): Promise<T>;
  /** No error when it is gone already. */
  delete(kind: Kind, at: ObjectKey, options?: DeleteOptions, signal?: AbortSignal): Promise<void>;
}

/** `/apis/group/version/namespaces/ns/plural/name`, each part escaped. */
export function resourcePath(kind: Kind, namespace?: string, name?: string, subresource?: string): string {
  const parts = kind.group === '' ? ['api', kind.version] : ['apis', kind.group, kind.version];
  if (namespace !== undefined) parts.push('namespaces', namespace);
  parts.push(kind.plural);
  if (name !== undefined) parts.push(name);
  if (subresource !== undefined) parts.push(subresource);
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

/** `manager` is who the API server records as the author of what is written. */
export function createClient(transport: Transport, { manager = fieldManager }: { manager?: string } = {}): Client {
  const send = (kind: Kind, verb: string, name: string, request: Omit<TransportRequest, 'what' | 'urgent'>) =>
    transport.request({
      ...request,
      what: `${verb} ${kind.kind} "${name}"`,
      // The lease must never wait behind a burst of other calls.
      urgent: kind.group === 'coordination.k8s.io',
    });
  const whole = (kind: Kind, object: Manifest) => ({ apiVersion: apiVersion(kind), kind: kind.kind, ...object });

  async function apply<T extends KubeObject>(
    kind: Kind<T>,
    object: Manifest,
    subresource: string | undefined,
    signal?: AbortSignal,
  ): Promise<T> {
    const { namespace, name } = object.metadata;
    return (await send(kind, 'apply', `${namespace}/${name}`, {
      method: 'PATCH',
      path: resourcePath(kind, namespace, name, subresource),
      query: { fieldManager: manager, force: 'true' },
      contentType: 'application/apply-patch+yaml',
      body: whole(kind, object),
      idempotent: true,
      signal,
    })) as T;
  }

  async function mergePatch<T extends KubeObject>(
    kind: Kind<T>,
    { namespace, name }: ObjectKey,
    patch: Readonly<Record<string, unknown>>,
    subresource: string | undefined,
    signal?: AbortSignal,
  ): Promise<T> {
    return (await send(kind, 'patch', `${namespace}/${name}`, {
      method: 'PATCH',
      path: resourcePath(kind, namespace, name, subresource),
      query: { fieldManager: manager },
      contentType: 'application/merge-patch+json',
      body: patch,
      signal,
    })) as T;
  }

  return {
    async get<T extends KubeObject>(kind: Kind<T>, at: ObjectKey, signal?: AbortSignal) {
      try {
        return (await send(kind, 'read', `${at.namespace}/${at.name}`, {
          method: 'GET',
          path: resourcePath(kind, at.namespace, at.name),
          idempotent: true,
          signal,
        })) as T;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    async create<T extends KubeObject>(kind: Kind<T>, object: Manifest, signal?: AbortSignal) {
      const { namespace, name } = object.metadata;
      return (await send(kind, 'create', `${namespace}/${name}`, {
        method: 'POST',
        path: resourcePath(kind, namespace),
        query: { fieldManager: manager },
        body: whole(kind, object),
        signal,
      })) as T;
    },
    apply: (kind, object, signal) => apply(kind, object, undefined, signal),
    applyStatus: (kind, object, signal) => apply(kind, object, 'status', signal),
    mergePatch: (kind, at, patch, signal) => mergePatch(kind, at, patch, undefined, signal),
    patchStatus: (kind, at, patch, signal) => mergePatch(kind, at, patch, 'status', signal),
    async delete(kind, at, options = {}, signal) {
      const { propagation, ...preconditions } = options;
      try {
        await send(kind, 'delete', `${at.namespace}/${at.name}`, {
          method: 'DELETE',
          path: resourcePath(kind, at.namespace, at.name),
          body: {
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
            ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
          },
          idempotent: true,
          signal,
        });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
  };
}

export interface ListPage<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continue: string | undefined;
}

/** One page of at most 500 objects. With `metadataOnly`, nothing but metadata leaves the API server. */
export async function listPage<T extends KubeObject>(
  transport: Transport,
  kind: Kind<T>,
  options: ListOptions,
  page: { readonly continue?: string | undefined; readonly metadataOnly?: boolean },
  signal?: AbortSignal,
): Promise<ListPage<T>> {
  const answer = (await transport.request({
    what: `list ${kind.plural}${options.namespace === undefined ? '' : ` in namespace "${options.namespace}"`}`,
    method: 'GET',
    path: resourcePath(kind, options.namespace),
    query: { limit: '500', continue: page.continue, labelSelector: options.labelSelector },
    ...(page.metadataOnly === true ? { accept: metadataOf('PartialObjectMetadataList') } : {}),
    idempotent: true,
    signal,
  })) as { items?: T[]; metadata?: { resourceVersion?: string; continue?: string } };
  const known = { apiVersion: apiVersion(kind), kind: kind.kind };
  return {
    // The items of a list bear neither apiVersion nor kind, or those of PartialObjectMetadata.
    items: (answer.items ?? []).map((item) => ({ ...item, ...known })),
    resourceVersion: answer.metadata?.resourceVersion ?? '',
    continue: answer.metadata?.continue === '' ? undefined : answer.metadata?.continue,
  };
}

/** The Accept header that asks for metadata alone. */
export function metadataOf(as: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): string {
  return `application/json;as=${as};g=meta.k8s.io;v=v1`;
}
