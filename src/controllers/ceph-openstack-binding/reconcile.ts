import type { CephOpenStackBinding } from '../../api/ceph-openstack-binding.ts';
import type { Reconciler } from '../../kube/reconciler.ts';
import { applySteps } from './apply.ts';
import { type ObserveTools, observe } from './observe.ts';
import type { Observed } from './observed.ts';
import { planBinding } from './plan.ts';
import { bindingStatus } from './status.ts';
import { type BindingStep, describeStep } from './steps.ts';

export type BindingTools = ObserveTools;

/** A binding reaches nothing but Kubernetes: its children do the work in Ceph and on hosts. */
export function bindingReconciler(
  tools: BindingTools,
): Reconciler<CephOpenStackBinding, BindingTools, Observed, BindingStep> {
  return {
    connect: async () => tools,
    observe,
    plan: planBinding,
    apply: (stage, binding, { kube }, done, signal) => applySteps(stage, binding, kube, done, signal),
    describe: describeStep,
    status: bindingStatus,
  };
}
