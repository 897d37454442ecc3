import type { Repair } from '../../kube/reconciler.ts';
import type { PlannedStep } from './draft.ts';

/** A step as a sentence without secrets. */
export function describeHostStep(step: PlannedStep): string {
  if (step.about !== undefined) return step.about;
  switch (step.verb) {
    case 'install-packages':
      return `Install ${step.packages.join(', ')}.`;
    case 'write-file':
      return step.expected === 'absent' ? `Write ${step.path}.` : `Change ${step.path}.`;
    case 'set-permissions':
      return `Set ${step.path} to ${step.owner}:${step.group} ${step.mode}.`;
    case 'make-directory':
      return `Make the directory ${step.path}.`;
    case 'remove-file':
      return `Remove ${step.path}.`;
    case 'remove-directory':
      return `Remove the directory ${step.path} if it is empty.`;
    case 'define-libvirt-secret':
      return `Define libvirt's secret ${step.uuid} ("${step.usageName}").`;
    case 'set-libvirt-secret-value':
      return `Set the value of libvirt's secret ${step.uuid}.`;
    case 'undefine-libvirt-secret':
      return `Undefine libvirt's secret ${step.uuid}.`;
    case 'write-manifest':
      return 'Write down what is ours.';
    case 'remove-manifest':
      return 'Forget the host.';
    case 'reload-units':
      return 'Have systemd read its units again.';
    case 'restart-unit':
      return `Restart ${step.unit}.`;
  }
}

/** Restarts follow from what was put back; what a host is to be is in its generation. */
export function hostRepair({ verb }: PlannedStep): Repair {
  return verb === 'restart-unit' || verb === 'reload-units' ? { uncounted: true } : {};
}
