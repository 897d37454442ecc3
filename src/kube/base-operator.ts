import framework, { type ResourceEvent, type ResourceMeta } from '@dot-i/k8s-operator';
import { type Logger, operatorLogger } from '../log.ts';
import type { Store } from './cache.ts';
import { type Client, createClient } from './client.ts';
import { apiVersion, type Kind, type KubeObject } from './kinds.ts';
import { isConflict, KubeError } from './kube-error.ts';
import { finalizer } from './pass.ts';
import { type Reflector, type ReflectorOptions, startReflector } from './reflector.ts';
import { createTransport, type Transport } from './transport.ts';

/**
 * The operator framework without its talk to the API server, which would exit the process when a watch is lost, miss
 * what was deleted meanwhile, overwrite foreign finalizers, swallow failed writes, and speak through models that strip
 * CEL rules: `reflect` watches, `client` writes, definitions belong to whoever installs, and what is left of it throws.
 * Kept are its life cycle, its loading of the kubeconfig, and its decision when to add a finalizer and when to act on it.
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

  protected override getCustomResourceApiUri(): never {
    return notUsed('getCustomResourceApiUri');
  }

  protected override async watchResource(): Promise<never> {
    return notUsed('watchResource');
  }

  protected override async setResourceStatus(): Promise<never> {
    return notUsed('setResourceStatus');
  }

  protected override async patchResourceStatus(): Promise<never> {
    return notUsed('patchResourceStatus');
  }

  protected override async registerCustomResourceDefinition(): Promise<never> {
    return notUsed('registerCustomResourceDefinition');
  }
}

function notUsed(method: string): never {
  throw new Error(`Cannot call ${method}(): it is not used here; see BaseOperator for what stands in its place.`);
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
function eventOf(kind: Kind, object: KubeObject): ResourceEvent {
  return { type: framework.ResourceEventType.Modified, meta: metaOf(kind, object), object: frameworkObject(object) };
}

function frameworkObject(object: KubeObject): ResourceEvent['object'] {
  return structuredClone(object) as unknown as ResourceEvent['object'];
}
