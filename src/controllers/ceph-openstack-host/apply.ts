import { applySteps } from '../../hosts/host.ts';
import type { SshConnection } from '../../hosts/ssh-access.ts';
import type { PlannedStep } from './draft.ts';

/** A stage is one transaction on the host: the steps in their order, the first that fails ends it. */
export async function applyHostSteps(
  stage: readonly PlannedStep[],
  ssh: SshConnection,
  done: (step: PlannedStep) => void,
  signal: AbortSignal,
): Promise<void> {
  await applySteps(ssh, stage, (step) => done(step), signal);
}
