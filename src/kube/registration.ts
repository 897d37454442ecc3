import type { Resource } from '../api/resource.ts';
import type { Kind, KubeObject } from './kinds.ts';
import type { Reconciler, Step } from './reconciler.ts';

/** A change of one of `kind` wakes the keys that `map` names. Secrets come with metadata only. */
export interface Watch<T extends KubeObject = KubeObject> {
  readonly kind: Kind<T>;
  /** The keys (`namespace/name`, see keyOf) to look at again; asked for the object before and after the change. */
  map(object: T): readonly string[];
}

/** Everything the loop needs to know to run one kind. */
export interface Registration<R extends Resource, C, O, S extends Step> {
  readonly kind: Kind<R>;
  /** Raw JSON to the typed resource; what it throws is shown as `InvalidSpec`. */
  parse(raw: unknown): R;
  readonly reconciler: Reconciler<R, C, O, S>;
  readonly watches?: readonly Watch[];
  /** Given the way to wake a key for news from beyond Kubernetes; called once, before the watches begin. */
  onNews?(wake: (key: string) => void): void;
  /** The pace of looking again when nothing happened; jittered by a tenth. */
  readonly lookEveryMs: number;
  /** Objects worked on side by side; default 64: a worker that waits for a slow cluster costs nothing. */
  readonly workers?: number;
  /**
   * Its steps are taken in mode Plan too: they make nothing but objects that are themselves in mode Plan, whose own
   * controllers then tell what they would do.
   */
  readonly appliesInPlanMode?: boolean;
  /** A stage is one transaction in order: no step of it may be left out. */
  readonly orderedStages?: boolean;
  /** Before one that is abandoned is let go of: does the same with what it made. It may be no valid object of its kind. */
  abandon?(raw: Resource, signal: AbortSignal): Promise<void>;
  /** Sets the kind's own gauges, before each scrape. They may be no valid objects of their kind. */
  measure?(objects: readonly R[]): void;
  /** How long one pass may take; default two minutes. */
  readonly passTimeoutMs?: number;
}

/** A registration whose inner types nobody outside needs. */
export interface Registered {
  readonly kind: Kind;
  readonly registration: Registration<Resource, unknown, unknown, Step>;
}

/** Closes over a kind's own types, so that kinds of all shapes stand in one list. */
export function register<R extends Resource, C, O, S extends Step>(registration: Registration<R, C, O, S>): Registered {
  // Sound: the loop hands each value back to the reconciler that made it, and to no other.
  return {
    kind: registration.kind,
    registration: registration as unknown as Registration<Resource, unknown, unknown, Step>,
  };
}

/** Types a watch against the kind that it watches. */
export function watch<T extends KubeObject>(kind: Kind<T>, map: (object: T) => readonly string[]): Watch {
  return { kind, map: map as (object: KubeObject) => readonly string[] };
}
