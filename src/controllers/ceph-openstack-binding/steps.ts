import type { ObjectMeta } from '../../api/resource.ts';
import type { Repair } from '../../kube/reconciler.ts';
import type { RevisionData } from '../../openstack/desired-host.ts';
import { digest } from '../canonical.ts';
import type { WentBack } from '../trial-note.ts';
import type { ChildManifest } from './children.ts';

export type ChildKind = 'RbdPool' | 'CephClientAuth' | 'CephOpenStackHost';

export type BindingStep =
  | { readonly verb: 'apply-pool' | 'apply-client'; readonly manifest: ChildManifest; readonly isNew: boolean }
  | {
      readonly verb: 'apply-host';
      readonly manifest: ChildManifest;
      readonly isNew: boolean;
      readonly hostName: string;
      /** Told to lay out another revision. */
      readonly next?: string;
      /** Told to configure its services with another revision. */
      readonly current?: string;
      /** What OpenStack said: its services are up, or these are not and it goes back. */
      readonly trial?: 'up' | WentBack;
    }
  | {
      readonly verb: 'create-revision';
      readonly name: string;
      readonly number: number;
      readonly data: RevisionData;
    }
  | {
      readonly verb: 'delete-host' | 'delete-client' | 'delete-pool';
      readonly name: string;
      readonly uid: string;
    }
  | {
      readonly verb: 'delete-revision';
      readonly name: string;
      readonly uid: string;
      /** Its content is not what it was made with. */
      readonly isAltered?: true;
    };

export const kindOfVerb = {
  'apply-pool': 'RbdPool',
  'apply-client': 'CephClientAuth',
  'apply-host': 'CephOpenStackHost',
  'delete-host': 'CephOpenStackHost',
  'delete-client': 'CephClientAuth',
  'delete-pool': 'RbdPool',
} as const satisfies Partial<Record<BindingStep['verb'], ChildKind>>;

export function describeStep(step: BindingStep): string {
  switch (step.verb) {
    case 'apply-host': {
      const host = `host "${step.hostName}"`;
      if (step.isNew) return `Create CephOpenStackHost "${step.manifest.metadata.name}".`;
      if (typeof step.trial === 'object') {
        return `Take ${host} back to revision ${step.current}: OpenStack does not have ${step.trial.lacking} up.`;
      }
      if (step.current !== undefined) return `Switch ${host} to revision ${step.current}.`;
      if (step.next !== undefined) return `Lay out revision ${step.next} on ${host}.`;
      if (step.trial === 'up') return `Note that OpenStack has the services of ${host} up.`;
      return `Change CephOpenStackHost "${step.manifest.metadata.name}".`;
    }
    case 'apply-pool':
    case 'apply-client':
      return `${step.isNew ? 'Create' : 'Change'} ${kindOfVerb[step.verb]} "${step.manifest.metadata.name}".`;
    case 'create-revision':
      return `Create ControllerRevision "${step.name}".`;
    case 'delete-revision':
      return `Delete ControllerRevision "${step.name}", ${step.isAltered === true ? 'whose content somebody changed' : 'which no host refers to'}.`;
    default:
      return `Delete ${kindOfVerb[step.verb]} "${step.name}".`;
  }
}

/** What a child is to be depends on others as well, so its manifest tells one repair from another. */
export function bindingRepair(step: BindingStep): Repair {
  return 'manifest' in step ? { wants: digest(step.manifest), standsAlone: true } : {};
}

export function isGoing(object: { readonly metadata: ObjectMeta }): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

export function deletion(
  verb: 'delete-host' | 'delete-client' | 'delete-pool',
  object: { readonly metadata: ObjectMeta },
): BindingStep {
  return { verb, name: object.metadata.name, uid: object.metadata.uid };
}
