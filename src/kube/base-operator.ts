import { readFile } from 'node:fs/promises';
import framework, { type ResourceEvent, type ResourceMeta } from '@dot-i/k8s-operator';
import { load } from 'js-yaml';
import { errorMessage } from '../errors.ts';
import { type Logger, operatorLogger } from '../log.ts';
import { type Change, createStore, type Store } from './cache.ts';
import { type Client, createClient, fieldManager, resourcePath } from './client.ts';
import { apiVersion, type Kind, type KubeObject } from './kinds.ts';
import { isConflict, KubeError } from './kube-error.ts';
import { finalizer } from './pass.ts';
import { type Reflector, type ReflectorOptions, startReflector } from './reflector.ts';
import { createTransport, type Transport } from './transport.ts';

interface CustomResourceDefinition {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly group: string; readonly versions: never[]; readonly names: { readonly plural: string } };
}

/**
 * The operator framework with every method replaced that talks to the API server: its own would exit the process when
 * a watch is lost, miss what was deleted meanwhile, overwrite foreign finalizers, swallow failed writes, and speak
 * through models that strip CEL rules. Kept are its life cycle, its loading of the kubeconfig, and its decision when to
 * add a finalizer and when to act on it.
 */
export abstract class BaseOperator extends framework.default {
  readonly client: Client;
  protected readonly log: Logger;
  protected readonly transport: Transport;
  protected readonly stores = new Map<string, Store>();
  protected readonly reflectors: Reflector[] = [];
  protected readonly watching = new AbortController();

  constructor(log: Logger, kubeconfig?: string) {
    super(operatorLogger(log));
    if (kubeconfig !== undefined) this.kubeConfig.loadFromFile(kubeconfig);
    this.log = log;
    this.transport = createTransport(this.kubeConfig);
    this.client = createClient(this.transport);
  }

  abstract override stop(): Promise<void>;

  protected reflect(kind: Kind, store: Store, options: ReflectorOptions): void {
    this.reflectors.push(startReflector(this.transport, kind, store, options, this.log, this.watching.signal));
  }

  /** Makes sure that our finalizer is on the object. Conflict when the object is being deleted or was replaced. */
  protected async hold(kind: Kind, object: KubeObject): Promise<void> {
    let current = object;
    for (let attempt = 1; current.metadata.finalizers?.includes(finalizer) !== true; attempt++) {
      refuseDeleted(kind, current);
      try {
        await this.handleResourceFinalizer(eventOf(kind, current), finalizer, async () => undefined);
        return;
      } catch (error) {
        const fresh = isConflict(error) && attempt < 4 ? await this.client.get(kind, object.metadata) : undefined;
        if (fresh?.metadata.uid !== object.metadata.uid) throw error;
        current = fresh;
      }
    }
  }

  /** Takes our finalizer off the object as it was seen; Conflict when it has changed since. */
  protected async release(kind: Kind, object: KubeObject): Promise<void> {
    const event = eventOf(kind, object);
    if (object.metadata.deletionTimestamp !== undefined) {
      await this.handleResourceFinalizer(event, finalizer, async () => undefined);
      return;
    }
    const others = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
    await this.setResourceFinalizers(event.meta, others);
  }

  protected override async setResourceFinalizers(meta: ResourceMeta, finalizers: string[]): Promise<void> {
    const kind = kindOf(meta);
    // With the version at which the list was read, a finalizer that somebody added since is never lost.
    const patch = { metadata: { resourceVersion: meta.resourceVersion, finalizers } };
    const at = { namespace: meta.namespace ?? '', name: meta.name };
    const written = await this.client.mergePatch(kind, at, patch);
    this.stores.get(kind.plural)?.note(written);
  }

  protected override getCustomResourceApiUri(group: string, version: string, plural: string, namespace?: string) {
    const server = this.kubeConfig.getCurrentCluster()?.server ?? '';
    return server.replace(/\/+$/, '') + resourcePath({ group, version, plural, kind: '' }, namespace);
  }

  protected override async watchResource(
    group: string,
    version: string,
    plural: string,
    onEvent: (event: ResourceEvent) => Promise<void>,
    namespace?: string,
  ): Promise<void> {
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    const known = (await this.transport.request({ what: `discover ${plural}`, method: 'GET', path })) as {
      resources: readonly { readonly name: string; readonly kind: string }[];
    };
    const found = known.resources.find((resource) => resource.name === plural);
    if (found === undefined) throw new Error(`Cannot watch ${plural}: ${path} does not serve them.`);
    const kind = { group, version, plural, kind: found.kind };
    const store = createStore();
    store.subscribe((change) => {
      onEvent(changeEvent(kind, change)).catch((error) => this.log.error({ err: error }, errorMessage(error)));
    });
    this.reflect(kind, store, namespace === undefined ? {} : { namespace });
  }

  protected override async setResourceStatus(meta: ResourceMeta, status: unknown): Promise<ResourceMeta> {
    const metadata = { namespace: meta.namespace ?? '', name: meta.name };
    return metaOf(kindOf(meta), await this.client.applyStatus(kindOf(meta), { metadata, status }));
  }

  protected override async patchResourceStatus(meta: ResourceMeta, status: unknown): Promise<ResourceMeta> {
    const kind = kindOf(meta);
    const answer = await this.transport.request({
      what: `patch the status of ${meta.kind} "${meta.namespace}/${meta.name}"`,
      method: 'PATCH',
      path: resourcePath(kind, meta.namespace, meta.name, 'status'),
      query: { fieldManager },
      contentType: 'application/merge-patch+json',
      body: { status },
    });
    return metaOf(kind, answer as KubeObject);
  }

  /** Applies the file as it is. Nothing here calls it: definitions belong to whoever installs. */
  protected override async registerCustomResourceDefinition(crdFile: string) {
    const definition = load(await readFile(crdFile, 'utf8')) as CustomResourceDefinition;
    const { name } = definition.metadata;
    await this.transport.request({
      what: `apply CustomResourceDefinition "${name}"`,
      method: 'PATCH',
      path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${encodeURIComponent(name)}`,
      query: { fieldManager },
      contentType: 'application/apply-patch+yaml',
      body: definition,
      idempotent: true,
    });
    const { group, versions, names } = definition.spec;
    return { group, versions, plural: names.plural };
  }
}

/** No finalizer can be added any more; whoever wanted one has to look again. */
function refuseDeleted(kind: Kind, { metadata }: KubeObject): void {
  if (metadata.deletionTimestamp === undefined) return;
  throw new KubeError(`Cannot hold ${kind.kind} "${metadata.namespace}/${metadata.name}": it is being deleted.`, {
    code: 409,
    reason: 'Conflict',
  });
}

function kindOf(meta: ResourceMeta): Kind {
  const slash = meta.apiVersion.indexOf('/');
  return {
    group: meta.apiVersion.slice(0, Math.max(0, slash)),
    version: meta.apiVersion.slice(slash + 1),
    plural: meta.id.slice(0, meta.id.indexOf('.')),
    kind: meta.kind,
  };
}

function metaOf(kind: Kind, object: KubeObject): ResourceMeta {
  const whole = { ...object, apiVersion: apiVersion(kind), kind: kind.kind };
  return framework.ResourceMetaImpl.createWithPlural(kind.plural, frameworkObject(whole));
}

/** The framework edits the list of finalizers in place: it gets a copy, for the cache's objects are shared. */
function eventOf(kind: Kind, object: KubeObject, type = framework.ResourceEventType.Modified): ResourceEvent {
  return { type, meta: metaOf(kind, object), object: frameworkObject(object) };
}

function changeEvent(kind: Kind, { before, after }: Change): ResourceEvent {
  const { Added, Modified, Deleted } = framework.ResourceEventType;
  if (after !== undefined) return eventOf(kind, after, before === undefined ? Added : Modified);
  return eventOf(kind, before as KubeObject, Deleted);
}

function frameworkObject(object: KubeObject): ResourceEvent['object'] {
  return structuredClone(object) as unknown as ResourceEvent['object'];
}
