import type { Resource } from '../../api/resource.ts';
import { abandonAnnotation } from '../../kube/pass.ts';
import { patchTo } from '../../kube/patch-to.ts';
import type { Hold, Plan } from '../../kube/reconciler.ts';
import { stalled } from '../hold.ts';
import { inShort } from '../in-short.ts';
import type { ChildManifest } from './children.ts';
import type { Observed } from './observed.ts';
import { attemptOf } from './refusals.ts';
import { type BindingStep, type ChildKind, kindOfVerb } from './steps.ts';

/** How many of the children are told about in a sentence each. */
const told = 3;

/** A plan without what Kubernetes refuses: all else goes on, and the hold says what a person has to do. */
export function leaveOutRefused(plan: Plan<BindingStep>, observed: Observed): Plan<BindingStep> {
  const refused = plan.stages.flat().flatMap((step) => refusalOf(step, observed) ?? []);
  if (refused.length === 0) return plan;
  const names = new Set(refused.map(({ kind, name }) => `${kind} ${name}`));
  // Nor is it deleted, for it was not told yet what becomes of it.
  const isLeft = (step: BindingStep): boolean => {
    if (step.verb === 'create-revision' || step.verb === 'delete-revision') return false;
    return names.has(`${kindOfVerb[step.verb]} ${'manifest' in step ? step.manifest.metadata.name : step.name}`);
  };
  const others = refused.slice(told).map(({ kind, name }) => `${kind} "${name}"`);
  const sentences = [
    ...refused.slice(0, told).map(({ sentence }) => sentence),
    ...(others.length === 0 ? [] : [`The same goes for ${inShort(others.toSorted())}.`]),
  ].join(' ');
  return {
    stages: plan.stages.map((stage) => stage.filter((step) => !isLeft(step))),
    hold: beside(sentences, plan.hold),
  };
}

/** It never becomes Ready without a person, however much else is still under way. */
function beside(sentences: string, hold: Hold | undefined): Hold {
  if (hold === undefined) return stalled('Conflict', sentences);
  if (hold.stalled || hold.plan !== undefined) return { ...hold, message: `${hold.message} ${sentences}` };
  return { ...hold, reason: 'Conflict', message: `${sentences} ${hold.message}`, stalled: true };
}

interface Refusal {
  readonly kind: ChildKind;
  readonly name: string;
  readonly sentence: string;
}

function refusalOf(step: BindingStep, observed: Observed): Refusal | undefined {
  if (observed.refused.size === 0 || !('manifest' in step)) return undefined;
  const kind = kindOfVerb[step.verb];
  const { name } = step.manifest.metadata;
  const found = childrenOf(kind, observed).get(name);
  const message = observed.refused.get(attemptOf(kind, step.manifest, found));
  if (message === undefined) return undefined;
  return { kind, name, sentence: sentenceOf(kind, step.manifest, found, message) };
}

function childrenOf(kind: ChildKind, { pools, clients, hosts }: Observed): ReadonlyMap<string, Resource> {
  return { RbdPool: pools, CephClientAuth: clients, CephOpenStackHost: hosts }[kind];
}

function sentenceOf(kind: ChildKind, { metadata, spec }: ChildManifest, found: Resource | undefined, message: string) {
  const { namespace, name } = metadata;
  if (found === undefined) return `${kind} "${name}" is wanted as Kubernetes refuses it: ${message}`;
  const fields = Object.keys(patchTo(spec, found.spec) ?? { metadata }).sort();
  const object = `${kind.toLowerCase()} -n ${namespace} ${name}`;
  // Let go of first: its own deletionPolicy would else take from Ceph or a host what is in use.
  const wayOut = `kubectl annotate ${object} ${abandonAnnotation}=true && kubectl delete ${object}`;
  return `${kind} "${name}" is not as it should be in ${fields.join(', ')}, and Kubernetes refuses to have that put right: ${message} Delete it, and the binding makes it anew; with "${wayOut}" all in Ceph and on hosts stays as it is.`;
}
