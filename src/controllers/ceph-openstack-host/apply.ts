import { applySteps } from '../../hosts/host.ts';
import type { SshConnection } from '../../hosts/ssh-access.ts';
import type { HostStep } from '../../hosts/steps.ts';

/** A stage is one transaction on the host: the steps in their order, the first that fails ends it. */
export async function applyHostSteps(
  stage: readonly HostStep[],
  ssh: SshConnection,
  done: (step: HostStep) => void,
  signal: AbortSignal,
): Promise<void> {
  await applySteps(ssh, stage, (step) => done(step), signal);
}
