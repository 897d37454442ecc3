import type { Resource } from '../api/resource.ts';

/** Whether one resource is an owner of another. */
export function isOwnedBy(resource: Resource, owner: Resource): boolean {
  return (resource.metadata.ownerReferences ?? []).some(({ uid }) => uid === owner.metadata.uid);
}

/** Whether a reference such as `poolRef: {name}` to that name stands anywhere in a spec. */
export function declaresReference(spec: unknown, field: string, name: string): boolean {
  if (Array.isArray(spec)) return spec.some((item) => declaresReference(item, field, name));
  if (typeof spec !== 'object' || spec === null) return false;
  return Object.entries(spec).some(([key, value]) =>
    key === field ? isReferenceTo(value, name) : declaresReference(value, field, name),
  );
}

function isReferenceTo(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && 'name' in value && value.name === name;
}
