import { setTimeout as sleep } from 'node:timers/promises';
import type { Resource } from '../api/resource.ts';
import type { Logger } from '../log.ts';
import { beforeScrape, leading } from '../metrics.ts';
import { BaseOperator } from './base-operator.ts';
import { type Cache, createCache, createStore, type Store } from './cache.ts';
import { fieldManager } from './client.ts';
import { createController } from './controller.ts';
import { createRecorder, type Recorder } from './events.ts';
import type { Kind, KubeObject } from './kinds.ts';
import { type Election, type ElectionOptions, stand } from './leader.ts';
import { measureObjects } from './object-metrics.ts';
import { createQueue, type Queue } from './queue.ts';
import type { ReflectorOptions } from './reflector.ts';
import type { Registered } from './registration.ts';
import type { WatchedKind } from './watched.ts';
import { startWorkers, type Workers, wireQueue } from './workers.ts';

export interface OperatorOptions {
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  readonly watched: readonly WatchedKind[];
  /** Left out: this process leads without asking. */
  readonly election?: Omit<ElectionOptions, 'identity'>;
  /** Names this process in leases and events. */
  readonly identity: string;
  readonly log: Logger;
  /** How long work in progress may go on when asked to stop; default 20 s. */
  readonly drainMs?: number;
  /** A kubeconfig other than the default one. */
  readonly kubeconfig?: string;
  readonly reflector?: Omit<ReflectorOptions, 'namespace' | 'labelSelector' | 'metadataOnly'>;
}

/** Everything that runs: watches fill caches, changes wake keys, workers take them through the loop. */
export class KubeOperator extends BaseOperator {
  readonly cache: Cache;
  /** Resolves when the process must end: with the reason, or with nothing after `stop`. */
  readonly ended: Promise<Error | undefined>;
  readonly #options: OperatorOptions;
  readonly #recorder: Recorder;
  readonly #registered: { readonly kind: Registered; readonly queue: Queue }[] = [];
  readonly #working = new AbortController();
  readonly #standing = new AbortController();
  readonly #end: (reason: Error | undefined) => void;
  #workers: Workers[] = [];
  #election: Election | undefined;
  #synced = false;
  #stopped: Promise<void> | undefined;

  constructor(options: OperatorOptions) {
    super(options.log, options.kubeconfig);
    this.#options = options;
    for (const { kind } of options.watched) this.stores.set(kind.plural, createStore());
    this.cache = createCache(this.stores);
    const reporter = { controller: `cephopenstack.io/${fieldManager}`, instance: options.identity };
    this.#recorder = createRecorder(this.client, reporter, options.log);
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    this.ended = promise;
    this.#end = resolve;
  }

  /** Calls `listener` for each object of a kind that is gone; before `start`. */
  onGone(kind: Kind, listener: (object: KubeObject) => void): void {
    this.#storeOf(kind).subscribe(({ before, after }) => {
      if (before !== undefined && after === undefined) listener(before);
    });
  }

  /** Adds a kind to work on; before `start`. */
  register(kind: Registered): this {
    const queue = createQueue({ name: kind.kind.kind.toLowerCase() });
    wireQueue(kind, (other) => this.#storeOf(other), queue);
    this.#registered.push({ kind, queue });
    return this;
  }

  /** Why the operator cannot work yet; empty when its caches are filled, whether it leads or not. */
  unready(): readonly string[] {
    if (this.#synced) return [];
    return ['The caches are not filled yet.', ...this.reflectors.flatMap((reflector) => reflector.problem() ?? [])];
  }

  /** The watches begin; when their caches are filled and this process leads, so does the work. */
  protected override async init(): Promise<void> {
    const { watched, namespaces, reflector } = this.#options;
    for (const { kind, ...selection } of watched) {
      const options = { ...reflector, ...selection };
      const store = this.#storeOf(kind);
      if (namespaces.length === 0) this.reflect(kind, store, options);
      for (const namespace of namespaces) this.reflect(kind, store, { ...options, namespace });
    }
    this.#begin().catch((error) => this.#end(error));
  }

  async #begin(): Promise<void> {
    await Promise.all(this.reflectors.map((reflector) => reflector.synced));
    this.#synced = true;
    this.log.info('The caches are filled.');
    await this.#lead();
    if (this.#stopped !== undefined) return;
    // Only by the one that works: what every replica told would be counted as often.
    beforeScrape.add(this.#measure);
    this.#workers = this.#registered.map(({ kind, queue }) => {
      const controller = createController(kind, {
        client: this.client,
        store: this.#storeOf(kind.kind),
        finalizers: {
          hold: (object) => this.hold(kind.kind, object),
          release: (object) => this.release(kind.kind, object),
        },
        recorder: this.#recorder,
        log: this.log,
        failures: (key) => queue.failures(key),
      });
      return startWorkers(kind, queue, controller.reconcile, this.log, this.#working.signal);
    });
  }

  readonly #measure = (): void => {
    const found = this.#registered.map(({ kind: { kind, registration } }) => {
      const objects = this.#storeOf(kind).list() as readonly Resource[];
      registration.measure?.(objects);
      return [kind.kind, objects] as const;
    });
    measureObjects(new Map(found));
  };

  async #lead(): Promise<void> {
    const { election, identity } = this.#options;
    if (election === undefined) return leading.set({ name: fieldManager }, 1);
    this.#election = stand(this.client, { ...election, identity }, this.log, this.#standing.signal);
    this.#election.lost.then(() => {
      // Another may lead already: nothing more may be done, not even in good order.
      this.#working.abort(new Error('the lease is lost'));
      this.#end(new Error('The lease was lost; another replica goes on.'));
    });
    await this.#election.elected;
    this.log.info({ identity }, 'This replica leads.');
  }

  /** Resolves when nothing is under way any more and the lease is given back. May be called again. */
  override stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    beforeScrape.delete(this.#measure);
    for (const { queue } of this.#registered) queue.close();
    const drain = setTimeout(() => this.#working.abort(), this.#options.drainMs ?? 20_000);
    await Promise.all(this.#workers.map((workers) => workers.ended));
    clearTimeout(drain);
    await Promise.race([this.#recorder.flush(), sleep(3_000, undefined, { ref: false })]);
    this.watching.abort();
    await Promise.all(this.reflectors.map((reflector) => reflector.ended));
    this.#standing.abort();
    await this.#election?.release();
    await this.transport.close();
    this.#end(undefined);
  }

  #storeOf(kind: Kind): Store {
    const store = this.stores.get(kind.plural);
    if (store === undefined) throw new Error(`Cannot work on ${kind.plural}: nothing watches them.`);
    return store;
  }
}
