import type { HostFacts, ObserveRequest } from './facts.ts';
import type { SshConnection } from './ssh-access.ts';
import type { HostStep, StepResult } from './steps.ts';

/**
 * One look: one script, one answer. Never writes.
 *
 * @throws what `SshConnection.run` throws, and {Invalid} `HostAnswerInvalid` when the answer is not what the script prints.
 */
export declare function observeHost(
  connection: SshConnection,
  request: ObserveRequest,
  signal: AbortSignal,
): Promise<HostFacts>;

/**
 * All steps as one transaction: one script, under the host's lock. `done` is called for each step as the host finishes it.
 *
 * @throws {Waiting} `Conflict`: something is not as the step expects (it changed since the look); look again.
 * @throws {Waiting} `Progressing`: another transaction holds the lock, or apt is busy.
 * @throws {Waiting} `StepFailed`: a step failed; the sentence says which and why, `cause` is a CommandFailed.
 * @throws what `SshConnection.run` throws.
 */
export declare function applySteps(
  connection: SshConnection,
  steps: readonly HostStep[],
  done: (step: HostStep, result: StepResult) => void,
  signal: AbortSignal,
): Promise<void>;
