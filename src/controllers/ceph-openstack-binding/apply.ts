import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import { isAlreadyExists, isRefused } from '../../kube/kube-error.ts';
import { applyTogether } from '../apply-together.ts';
import { canonicalJson } from '../canonical.ts';
import { childMetadata } from './children.ts';
import type { BindingKube } from './kube.ts';
import { type BindingStep, kindOfVerb } from './steps.ts';

/** Does one stage, its steps side by side. */
export async function applySteps(
  stage: readonly BindingStep[],
  binding: CephOpenStackBinding,
  kube: BindingKube,
  done: (step: BindingStep) => void,
  signal: AbortSignal,
): Promise<void> {
  // One child that may not be as it is wanted holds up none of the others, nor what comes after it: `kube` remembers why.
  const refused = new Set<BindingStep>();
  const applyOne = async (step: BindingStep): Promise<void> => {
    try {
      await applyStep(step, binding, kube, signal);
    } catch (error) {
      if (!('manifest' in step) || !isRefused(error)) throw error;
      refused.add(step);
    }
  };
  await applyTogether(stage, applyOne, (step) => {
    if (!refused.has(step)) done(step);
  });
}

async function applyStep(
  step: BindingStep,
  binding: CephOpenStackBinding,
  kube: BindingKube,
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = binding.metadata;
  switch (step.verb) {
    case 'apply-pool':
    case 'apply-client':
    case 'apply-host':
      return kube.apply(kindOfVerb[step.verb], step.manifest, signal);
    case 'create-revision':
      return createRevision(step, binding, kube, signal);
    case 'delete-revision':
      return kube.delete('ControllerRevision', { namespace, name: step.name, uid: step.uid }, signal);
    default:
      return kube.delete(kindOfVerb[step.verb], { namespace, name: step.name, uid: step.uid }, signal);
  }
}

/** One that exists already has the same content, or it would have another name. */
async function createRevision(
  step: Extract<BindingStep, { verb: 'create-revision' }>,
  binding: CephOpenStackBinding,
  kube: BindingKube,
  signal: AbortSignal,
): Promise<void> {
  const metadata = childMetadata(binding, step.name);
  try {
    // The API server sorts keys when it patches metadata, and then refuses data that it finds changed.
    const data = JSON.parse(canonicalJson(step.data));
    await kube.createRevision({ metadata, revision: step.number, data }, signal);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
