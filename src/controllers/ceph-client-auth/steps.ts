import type { Caps } from '../../ceph/caps.ts';
import type { KeyType } from '../../ceph/key.ts';
import type { Repair } from '../../kube/reconciler.ts';

/** One outside action on a user or its Secret. No step holds a key: whoever does it reads the key then. */
export type ClientStep =
  /** Says in the monitors' store that we are about to make the user. */
  | { readonly verb: 'record-intent'; readonly entity: string; readonly caps: Caps }
  | {
      readonly verb: 'create-user';
      readonly entity: string;
      readonly caps: Caps;
      /** Left out: what the cluster mints. */
      readonly keyType?: KeyType;
    }
  /** Puts a user back with the key that the kept Secret holds, which must have this fingerprint. */
  | {
      readonly verb: 'restore-user';
      readonly entity: string;
      readonly caps: Caps;
      readonly keyFingerprint: string;
    }
  /** Says in the monitors' store whose the user with its present key is. `former` is whom it is taken from. */
  | { readonly verb: 'record-owner'; readonly entity: string; readonly former?: string }
  | { readonly verb: 'set-caps'; readonly entity: string; readonly from: Caps; readonly caps: Caps }
  | {
      readonly verb: 'write-secret';
      readonly entity: string;
      readonly secretName: string;
      readonly exists: boolean;
      /** Tells one content from another; left out while the key is not known. */
      readonly fingerprint?: string;
    }
  | { readonly verb: 'delete-user'; readonly entity: string }
  /** Takes our record out of the monitors' store. */
  | { readonly verb: 'forget-user'; readonly entity: string };

/** Monitors that move change what a Secret is to hold, and nothing of the resource. */
export function clientRepair(step: ClientStep): Repair {
  return step.verb === 'write-secret' && step.fingerprint !== undefined ? { wants: step.fingerprint } : {};
}

/** The step as a sentence. */
export function describeClientStep(step: ClientStep): string {
  const user = `user "${step.entity}"`;
  switch (step.verb) {
    case 'record-intent':
      return `Record that ${user} is about to be made.`;
    case 'create-user':
      return `Create ${user} with ${describeCaps(step.caps)}.`;
    case 'restore-user':
      return `Put ${user} back with the key that it had, and ${describeCaps(step.caps)}.`;
    case 'record-owner':
      return step.former === undefined ? `Record whose ${user} is.` : `Take ${user} over from ${step.former}.`;
    case 'set-caps':
      return `Change the caps of ${user} from ${describeCaps(step.from)} to ${describeCaps(step.caps)}.`;
    case 'write-secret':
      return `${step.exists ? 'Correct' : 'Create'} Secret "${step.secretName}" with the key of ${user}.`;
    case 'delete-user':
      return `Delete ${user}.`;
    case 'forget-user':
      return `Remove the record of ${user}.`;
  }
}

/** `mon "profile rbd", osd "…"`; `no caps` for none. */
export function describeCaps(caps: Caps): string {
  const parts = Object.keys(caps)
    .sort()
    .map((subsystem) => `${subsystem} "${caps[subsystem]}"`);
  return parts.join(', ') || 'no caps';
}
