import { StringDecoder } from 'node:string_decoder';
import type ssh2 from 'ssh2';
import { Invalid } from '../errors.ts';
import { clean } from './clean.ts';
import type { ScriptOutput, ScriptRequest } from './ssh-access.ts';
import { type Login, unreachable } from './ssh-login.ts';

const stderrTailBytes = 4096;

/**
 * Runs a script on a client that is logged in. The command is the same for every script, so a sudoers rule can name it.
 * What is given up on (deadline, abort, too much output) is told to the host by closing the channel: its next write
 * fails, and its clean-up runs.
 */
export async function runScript(
  client: ssh2.Client,
  login: Login,
  request: ScriptRequest,
  signal: AbortSignal,
): Promise<ScriptOutput> {
  const deadline = AbortSignal.timeout(request.timeoutMs);
  const either = AbortSignal.any([signal, deadline]);
  try {
    const channel = await openChannel(client, login, either);
    const output = await talk(client, channel, login, request, either);
    refuseSudo(login, output);
    return output;
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) {
      throw unreachable(login.label, `its answer did not come within ${Math.round(request.timeoutMs / 1000)} s`, error);
    }
    throw error;
  }
}

function openChannel(client: ssh2.Client, login: Login, signal: AbortSignal): Promise<ssh2.ClientChannel> {
  const command = login.user === 'root' ? 'exec /bin/sh -s' : 'exec sudo -n -- /bin/sh -s';
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onEnd = () => reject(signal.aborted ? signal.reason : unreachable(login.label, 'the connection was lost'));
    signal.addEventListener('abort', onEnd, { once: true });
    client.once('close', onEnd);
    client.exec(command, (error, channel) => {
      signal.removeEventListener('abort', onEnd);
      client.removeListener('close', onEnd);
      if (error) {
        reject(unreachable(login.label, clean(error.message), error));
      } else if (signal.aborted) {
        channel.close();
      } else {
        resolve(channel);
      }
    });
  });
}

function talk(
  client: ssh2.Client,
  channel: ssh2.ClientChannel,
  login: Login,
  request: ScriptRequest,
  signal: AbortSignal,
): Promise<ScriptOutput> {
  const chunks: string[] = [];
  const decoder = new StringDecoder('utf8');
  let bytes = 0;
  let partial = '';
  let stderrTail = Buffer.alloc(0);
  let exitCode: number | undefined;
  return new Promise((resolve, reject) => {
    const giveUp = (error: unknown) => {
      signal.removeEventListener('abort', onAbort);
      reject(error);
      channel.removeAllListeners('data');
      channel.stderr.removeAllListeners('data');
      // A host that floods or hangs would not confirm the end of one channel.
      channel.close();
      setTimeout(() => channel.destroyed || client.destroy(), 5_000).unref();
    };
    const onAbort = () => giveUp(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });

    const take = (text: string) => {
      chunks.push(text);
      if (request.onLine !== undefined) {
        const lines = (partial + text).split('\n');
        partial = lines.pop() ?? '';
        lines.forEach(request.onLine);
      }
    };
    channel.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > request.maxOutputBytes) {
        giveUp(tooMuch(login, request.maxOutputBytes));
        return;
      }
      try {
        take(decoder.write(chunk));
      } catch (error) {
        giveUp(error);
      }
    });
    channel.stderr.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > request.maxOutputBytes) {
        giveUp(tooMuch(login, request.maxOutputBytes));
      }
      stderrTail = Buffer.concat([stderrTail, chunk]).subarray(-stderrTailBytes);
    });
    channel.on('error', (error: Error) => giveUp(unreachable(login.label, clean(error.message), error)));
    channel.stdin.on('error', () => undefined); // it ended before it had read all: its exit code says why
    channel.on('exit', (code: number | null) => {
      exitCode = code ?? 255;
    });
    channel.on('close', () => {
      signal.removeEventListener('abort', onAbort);
      if (exitCode === undefined) {
        reject(unreachable(login.label, 'the connection was lost while a script ran'));
      } else {
        chunks.push(decoder.end());
        resolve({ stdout: chunks.join(''), stderrTail: tidyTail(stderrTail), exitCode });
      }
    });
    channel.end(request.script);
  });
}

function tooMuch(login: Login, maxOutputBytes: number): Invalid {
  return new Invalid(
    'HostAnswerInvalid',
    `${login.label} says more than ${maxOutputBytes} bytes where a short answer is due.`,
  );
}

function tidyTail(tail: Buffer): string {
  return tail
    .toString('utf8')
    .split('\n')
    .map(clean)
    .filter((line) => line !== '')
    .join('\n');
}

function refuseSudo(login: Login, output: ScriptOutput): void {
  if (login.user !== 'root' && output.exitCode !== 0 && output.stdout === '') {
    const complaint = output.stderrTail.split('\n').find((line) => /\bsudo: /.test(line));
    if (complaint !== undefined || output.exitCode === 127) {
      throw new Invalid(
        'SshRefused',
        `${login.label} does not let user "${login.user}" become root (${complaint ?? 'sudo is not installed'}): allow it "NOPASSWD: /bin/sh -s" in sudoers.`,
      );
    }
  }
}
