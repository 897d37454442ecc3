import { conditionTypes, type Reason, reasons } from '../api/conditions.ts';
import type { Condition, Resource } from '../api/resource.ts';
import { notReadySince, objects, plannedSteps } from '../metrics.ts';
import { plannedCount, readyCondition } from './status.ts';

/** So many objects are named one by one, those first that want a person; the counts are of all. */
const namedLimit = 100;
/** A rack that is off, or a cloud in mode Plan, must not take the places of what wants a person; the last comes last. */
const lastNamed: readonly Reason[] = ['HostUnreachable', 'ChangesPlanned'];
/** Told also where there is none, so that a graph begins at zero. */
const always = ['Ready True', 'Ready False', 'Stalled True', 'Reconciling True'];

/** What the objects of each kind say of themselves, as gauges. Whoever may write a status puts no word of their own into a label. */
export function measureObjects(kinds: ReadonlyMap<string, readonly Resource[]>): void {
  for (const gauge of [objects, notReadySince, plannedSteps]) gauge.reset();
  for (const [kind, found] of kinds) {
    const counts = new Map(always.map((key) => [key, 0]));
    for (const { type, status } of found.flatMap(conditionsOf)) {
      counts.set(`${type} ${status}`, (counts.get(`${type} ${status}`) ?? 0) + 1);
    }
    for (const [key, count] of counts) {
      const [condition = '', status = ''] = key.split(' ');
      objects.set({ kind, condition, status }, count);
    }
    plannedSteps.set(
      { kind },
      found.reduce((sum, { status }) => sum + plannedCount(status?.plan ?? []), 0),
    );
  }
  const late = [...kinds.values()].flat().flatMap(notReady);
  for (const { since, labels } of late.sort((a, b) => a.rank - b.rank || a.since - b.since).slice(0, namedLimit)) {
    notReadySince.set(labels, since);
  }
}

function conditionsOf(object: Resource): readonly Pick<Condition, 'type' | 'status'>[] {
  const known = (object.status?.conditions ?? []).filter(
    ({ type, status }) => conditionTypes.includes(type) && ['True', 'False', 'Unknown'].includes(status),
  );
  return readyCondition(object) === undefined ? [{ type: 'Ready', status: 'Unknown' }, ...known] : known;
}

function notReady({ kind, metadata, status }: Resource) {
  const holds = (type: string) => status?.conditions?.find((one) => one.type === type && one.status === 'True');
  if (holds('Ready') !== undefined) return [];
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const since = Date.parse(ready?.lastTransitionTime ?? metadata.creationTimestamp) / 1000;
  const reason = reasons.find((one) => one === ready?.reason) ?? 'Progressing';
  const state = ['Stalled', 'Reconciling'].find(holds) ?? '';
  const rank = state === 'Stalled' ? 0 : lastNamed.indexOf(reason) + 2;
  return [{ rank, since, labels: { kind, object: `${metadata.namespace}/${metadata.name}`, reason, state } }];
}
