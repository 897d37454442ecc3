import { fieldManager } from './client.ts';
import {
  bindingKind,
  clientAuthKind,
  controllerRevisionKind,
  hostKind,
  type Kind,
  poolKind,
  secretKind,
} from './kinds.ts';

/** A kind to keep in the cache. */
export interface WatchedKind {
  readonly kind: Kind;
  readonly labelSelector?: string;
  /** Nothing but metadata is asked for and held. */
  readonly metadataOnly?: boolean;
}

/** What the caches hold. Of Secrets never the contents: those are read when they are needed. */
export const watchedKinds: readonly WatchedKind[] = [
  { kind: bindingKind },
  { kind: poolKind },
  { kind: clientAuthKind },
  { kind: hostKind },
  { kind: controllerRevisionKind, labelSelector: `app.kubernetes.io/managed-by=${fieldManager}` },
  { kind: secretKind, metadataOnly: true },
];
