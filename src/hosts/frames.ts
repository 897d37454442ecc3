import { randomBytes } from 'node:crypto';
import { Invalid } from '../errors.ts';
import { clean } from './clean.ts';
import type { ScriptOutput } from './ssh-access.ts';

/** One part of a script's answer: the words of its head line, and what follows it. */
export interface Frame {
  readonly head: readonly string[];
  readonly body: string;
}

/** Random, so that nothing a script prints (a file's content, a unit's name) can pass for a head line. */
export function newNonce(): string {
  return randomBytes(16).toString('hex');
}

/**
 * The frames between `begin` and `end`. What stands before `begin` is what login shells like to say, and is left out.
 *
 * @throws {Invalid} `HostAnswerInvalid` when it does not begin or breaks off.
 */
export function parseFrames(output: ScriptOutput, nonce: string, host: string): readonly Frame[] {
  const marks = output.stdout.split(`\n== ${nonce} `).slice(1);
  const frames = marks.map((mark): Frame => {
    const end = mark.indexOf('\n');
    const head = end < 0 ? mark : mark.slice(0, end);
    return { head: head.split(' '), body: end < 0 ? '' : mark.slice(end + 1) };
  });
  if (frames[0]?.head[0] !== 'begin') {
    throw answerInvalid(host, `the script did not begin (${ending(output)})`);
  }
  if (frames.at(-1)?.head[0] !== 'end') {
    throw answerInvalid(host, `the script broke off (${ending(output)})`);
  }
  return frames.slice(1, -1);
}

function ending(output: ScriptOutput): string {
  const words = clean(output.stderrTail);
  return words === '' ? `exit code ${output.exitCode}` : `exit code ${output.exitCode}: ${words}`;
}

/** The one error of an answer that is not what our script prints. */
export function answerInvalid(host: string, what: string): Invalid {
  return new Invalid('HostAnswerInvalid', `Host "${host}" does not answer as it should: ${what}.`);
}
