import { type Kind, type KubeObject, keyOf, type ObjectKey } from './kinds.ts';

/**
 * What the watches have seen, without asking the API server. It may lag behind by a moment; a change always wakes
 * those who registered for it. Kinds held: our four, ControllerRevisions of ours, and Secrets by metadata alone
 * (a Secret whose resourceVersion did not change needs no second reading).
 */
export interface Cache {
  get<T extends KubeObject>(kind: Kind<T>, at: ObjectKey): T | undefined;
  list<T extends KubeObject>(kind: Kind<T>, namespace?: string): readonly T[];
}

/** A change of one object: no `before` when it is new, no `after` when it is gone. */
export interface Change {
  readonly before?: KubeObject;
  readonly after?: KubeObject;
}

/** The objects of one kind. */
export interface Store {
  get(key: string): KubeObject | undefined;
  list(namespace?: string): readonly KubeObject[];
  /** Takes over what a watch brought; something older than what is held changes nothing. */
  put(object: KubeObject): void;
  /** Takes over the answer to a write of ours, which the watch may have overtaken: what is gone stays gone. */
  note(object: KubeObject): void;
  remove(object: KubeObject): void;
  /** Takes a whole list as the truth of a namespace, or of all when it is left out: what is not in it is gone. */
  replace(namespace: string | undefined, objects: readonly KubeObject[]): void;
  /** Called for every change, in order. */
  subscribe(listener: (change: Change) => void): void;
}

export function createStore(): Store {
  const objects = new Map<string, KubeObject>();
  const listeners: ((change: Change) => void)[] = [];

  function emit(change: Change): void {
    for (const listener of listeners) listener(change);
  }
  function set(key: string, object: KubeObject): void {
    const before = objects.get(key);
    if (before?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    const after = slim(object);
    objects.set(key, after);
    emit(before === undefined ? { after } : { before, after });
  }
  function drop(key: string): void {
    const before = objects.get(key);
    if (objects.delete(key) && before !== undefined) emit({ before });
  }

  function put(object: KubeObject): void {
    const held = objects.get(keyOf(object));
    if (held === undefined || !isOlder(object, held)) set(keyOf(object), object);
  }

  return {
    get: (key) => objects.get(key),
    list: (namespace) =>
      [...objects.values()].filter((object) => namespace === undefined || object.metadata.namespace === namespace),
    put,
    note(object) {
      if (objects.get(keyOf(object))?.metadata.uid === object.metadata.uid) put(object);
    },
    remove(object) {
      const held = objects.get(keyOf(object));
      // A late word of an object whose successor is known already.
      if (held !== undefined && held.metadata.uid !== object.metadata.uid && isOlder(object, held)) return;
      drop(keyOf(object));
    },
    replace(namespace, listed) {
      const present = new Set(listed.map(keyOf));
      const gone = [...objects.values()].filter(
        (object) => (namespace === undefined || object.metadata.namespace === namespace) && !present.has(keyOf(object)),
      );
      for (const object of gone) drop(keyOf(object));
      for (const object of listed) set(keyOf(object), object);
    },
    subscribe(listener) {
      listeners.push(listener);
    },
  };
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Without what nobody here reads: the record of who owns which field, and what kubectl once applied, which for a Secret
 * is its contents.
 */
function slim(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata as KubeObject['metadata'] & { managedFields?: unknown };
  if (metadata.annotations?.[lastApplied] === undefined) return { ...object, metadata };
  const { [lastApplied]: __, ...annotations } = metadata.annotations;
  return { ...object, metadata: { ...metadata, annotations } };
}

/** Resource versions of one kind are comparable numbers; where one is not, nothing is taken for older. */
function isOlder(a: KubeObject, b: KubeObject): boolean {
  const [left, right] = [a.metadata.resourceVersion, b.metadata.resourceVersion];
  return /^\d+$/.test(left) && /^\d+$/.test(right) && BigInt(left) < BigInt(right);
}

/** One store per kind, read through one Cache. */
export function createCache(stores: ReadonlyMap<string, Store>): Cache {
  const storeOf = (kind: Kind): Store => {
    const store = stores.get(kind.plural);
    if (store === undefined) throw new Error(`Cannot look up ${kind.plural}: nothing watches them.`);
    return store;
  };
  return {
    get: <T extends KubeObject>(kind: Kind<T>, at: ObjectKey) => storeOf(kind).get(keyOf(at)) as T | undefined,
    list: <T extends KubeObject>(kind: Kind<T>, namespace?: string) => storeOf(kind).list(namespace) as readonly T[],
  };
}
