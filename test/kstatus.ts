import type { Condition } from '../src/api/resource.ts';

interface Object {
  readonly metadata: { readonly generation?: number; readonly deletionTimestamp?: string };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly Pick<Condition, 'type' | 'status'>[];
  };
}

/**
 * What Flux and kpt make of an object of a kind that kstatus has no rules of its own for, in the order of its Compute():
 * https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/status/generic.go and status.go.
 */
export function kstatus({ metadata, status = {} }: Object): 'Terminating' | 'InProgress' | 'Failed' | 'Current' {
  const { observedGeneration, conditions = [] } = status;
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (observedGeneration !== undefined && observedGeneration !== metadata.generation) return 'InProgress';
  const abnormal = conditions.find(
    ({ type, status }) => (type === 'Reconciling' || type === 'Stalled') && status === 'True',
  );
  if (abnormal !== undefined) return abnormal.type === 'Stalled' ? 'Failed' : 'InProgress';
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready === undefined || ready.status === 'True' ? 'Current' : 'InProgress';
}

/** What Argo CD may show of an object that kstatus calls so. */
export const argoHealthOf = {
  Terminating: ['Progressing'],
  InProgress: ['Progressing', 'Suspended'],
  Failed: ['Degraded'],
  Current: ['Healthy'],
} as const;
