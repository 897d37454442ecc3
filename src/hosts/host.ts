import { Waiting } from '../errors.ts';
import { renderApplyScript } from './apply-script.ts';
import { clean } from './clean.ts';
import { CommandFailed } from './command-failed.ts';
import type { HostFacts, ObserveRequest } from './facts.ts';
import { parseFacts } from './facts-parse.ts';
import { answerInvalid, newNonce, parseFrames } from './frames.ts';
import { manifestPath } from './manifest.ts';
import { type KnownContent, renderObserveScript } from './observe-script.ts';
import type { SshConnection } from './ssh-access.ts';
import type { HostStep, StepResult } from './steps.ts';

const observeTimeoutMs = 90_000;
const applyTimeoutMs = 180_000;
const installTimeoutMs = 15 * 60_000;
const maxFactsBytes = 32 * 1024 * 1024;
const maxResultBytes = 1024 * 1024;

/**
 * One look: one script, one answer. Never writes.
 *
 * @throws what `SshConnection.run` throws, and {Invalid} `HostAnswerInvalid` when the answer is not what the script prints.
 */
export async function observeHost(
  connection: SshConnection,
  request: ObserveRequest,
  signal: AbortSignal,
): Promise<HostFacts> {
  const nonce = newNonce();
  const known = [manifestPath, ...request.files].flatMap((path): KnownContent[] => {
    const sha256 = connection.contents.hash(path);
    return sha256 === undefined ? [] : [{ path, sha256 }];
  });
  const script = renderObserveScript(request, known, nonce);
  const output = await connection.run(
    { purpose: 'observe', script, timeoutMs: observeTimeoutMs, maxOutputBytes: maxFactsBytes },
    signal,
  );
  return parseFacts(parseFrames(output, nonce, connection.name), request, connection.contents, connection.name);
}

/**
 * All steps as one transaction: one script, under the host's lock. `done` is called for each step as the host finishes it.
 *
 * @throws {Waiting} `Conflict`: something is not as the step expects (it changed since the look); look again.
 * @throws {Waiting} `Progressing`: another transaction holds the lock.
 * @throws {Waiting} `StepFailed`: a step failed; the sentence says which and why, `cause` is a CommandFailed.
 * @throws {Invalid} `InvalidSpec` before anything is sent, when a step holds a value that may not reach a shell.
 * @throws what `SshConnection.run` throws.
 */
export async function applySteps(
  connection: SshConnection,
  steps: readonly HostStep[],
  done: (step: HostStep, result: StepResult) => void,
  signal: AbortSignal,
): Promise<void> {
  if (steps.length === 0) {
    return;
  }
  const nonce = newNonce();
  const script = renderApplyScript(steps, nonce);
  let finished = 0;
  const onLine = (line: string) => {
    const [mark, seen, word, index, outcome, ...detail] = line.split(' ');
    const step = steps[finished];
    if (mark !== '==' || seen !== nonce || word !== 'step' || step === undefined) {
      return;
    }
    if (index !== String(finished) || !isOutcome(outcome)) {
      throw answerInvalid(connection.name, 'it reports a step that is not due');
    }
    finished += 1;
    const words = clean(detail.join(' '));
    done(step, { outcome, ...(words === '' ? {} : { detail: words }) });
  };
  const installs = steps.some((step) => step.verb === 'install-packages');
  const timeoutMs = installs ? installTimeoutMs : applyTimeoutMs;
  const output = await connection.run(
    { purpose: 'apply', script, timeoutMs, maxOutputBytes: maxResultBytes, onLine },
    signal,
  );

  const failed = parseFrames(output, nonce, connection.name).find(({ head }) => head[0] === 'failed');
  if (failed !== undefined) {
    throw stepError(connection.name, failed.head.slice(2), failed.body, output.exitCode);
  }
  if (finished !== steps.length) {
    throw answerInvalid(connection.name, `it reports ${finished} of ${steps.length} steps`);
  }
}

function isOutcome(word: string | undefined): word is StepResult['outcome'] {
  return word === 'done' || word === 'already' || word === 'skipped';
}

function stepError(host: string, [kind, ...words]: readonly string[], body: string, exitCode: number): Waiting {
  const why = clean(words.join(' '));
  switch (kind) {
    case 'conflict':
      return new Waiting('Conflict', `Host "${host}" changed while it was worked on: ${why}.`, { retryAfterMs: 2_000 });
    case 'busy':
      return new Waiting('Progressing', `Host "${host}" is busy: ${why}.`);
    default: {
      const outputTail = body.split('\n').map(clean).filter(Boolean).slice(-12).join('\n');
      const cause = new CommandFailed(why, { exitCode, outputTail });
      const last = outputTail.split('\n').at(-1);
      const sentence = last ? `${why} (${clean(last)})` : why;
      return new Waiting('StepFailed', `On host "${host}" a step failed: ${sentence}.`, {
        retryAfterMs: 60_000,
        cause,
      });
    }
  }
}
