import type { Resource } from '../api/resource.ts';

/**
 * In mode Plan an object counts as done for those that need it once it has said, for its present spec, what it would do,
 * and nothing is in the way that only a person can mend.
 */
export function isForetold({ metadata, spec, status }: Resource): boolean {
  if (spec.mode !== 'Plan' || metadata.deletionTimestamp !== undefined) return false;
  if (status?.observedGeneration !== metadata.generation || (status.plan ?? []).length === 0) return false;
  return status.conditions?.some((condition) => condition.type === 'Stalled' && condition.status === 'True') !== true;
}
