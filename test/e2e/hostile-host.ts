import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2 from 'ssh2';

/** How a machine answers that does not mean well. */
export type Manner =
  /** It takes the connection and never says a word. */
  | 'mute'
  /** It lets anybody in, takes every script, and never answers. */
  | 'silent'
  /** It answers with random bytes. */
  | 'garbage'
  /** It never stops answering. */
  | 'endless'
  /** It ends every script with code 0 and no word. */
  | 'empty'
  /** It gives the right form to false facts, full of control characters and shell text, and says that each step is done. */
  | 'lying';

export interface HostileHost extends AsyncDisposable {
  readonly manner: Manner;
  readonly address: '127.0.0.1';
  readonly port: number;
  readonly knownHostsLine: string;
  /** How many scripts it was given. */
  readonly scripts: number;
  /** How many bytes were taken from it by the other side. */
  readonly bytesTaken: number;
}

/** Text that would do harm as a command, on a terminal or as a further line, wherever it were used unchecked. */
export const hostileText = 'x$(touch /tmp/owned)`touch /tmp/owned`\u001b[2J\u0007;\u202e"\'../../';

/** Starts a machine that answers SSH and is no host: on loopback, with a host key of its own. */
export async function startHostileHost(manner: Manner): Promise<HostileHost> {
  const hostKey = makeHostKey();
  let scripts = 0;
  let bytesTaken = 0;
  const open = new Set<{ destroy(): void }>();

  const answer = async (stream: ssh2.ServerChannel) => {
    stream.on('error', () => {});
    const script = await readAll(stream);
    scripts += 1;
    const say = async (text: string | Buffer) => {
      if (!stream.write(text)) await room(stream);
      bytesTaken += text.length;
    };
    switch (manner) {
      case 'mute':
      case 'silent':
        return;
      case 'garbage':
        for (let count = 0; count < 16; count++) await say(Buffer.from(crypto.getRandomValues(new Uint8Array(65_536))));
        break;
      case 'endless': {
        const chunk = Buffer.alloc(32_768, 'all is well\n');
        while (!stream.destroyed && stream.writable) await say(chunk);
        return;
      }
      case 'empty':
        break;
      case 'lying':
        await say(lies(script));
    }
    stream.exit(0);
    stream.end();
  };

  const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (client) => {
    open.add({ destroy: () => client.end() });
    client.on('error', () => {});
    client.on('authentication', (context) => context.accept());
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec) => {
        answer(acceptExec()).catch(() => {});
      });
    });
  });
  const mute = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
  });
  const listener = manner === 'mute' ? mute : server;
  const port = await new Promise<number>((resolve) => {
    listener.listen(0, '127.0.0.1', () => resolve((listener.address() as AddressInfo).port));
  });
  return {
    manner,
    address: '127.0.0.1',
    port,
    knownHostsLine: `[127.0.0.1]:${port} ${hostKey.public}`,
    get scripts() {
      return scripts;
    },
    get bytesTaken() {
      return bytesTaken;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => void listener.close(() => resolve()));
      for (const one of open) one.destroy();
      await Promise.race([closed, sleep(2_000)]);
    },
  };
}

/** Waits until the other side has taken what it was sent, or has gone. */
function room(stream: ssh2.ServerChannel): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      stream.off('drain', end).off('close', end);
      resolve();
    };
    stream.on('drain', end).on('close', end);
  });
}

function makeHostKey(): { private: Buffer; public: string } {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  try {
    const file = join(folder, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
    const [type, base64] = readFileSync(`${file}.pub`, 'utf8').split(' ');
    return { private: readFileSync(file), public: `${type} ${base64?.trim()}` };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function readAll(stream: ssh2.ServerChannel): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream.stdin ?? stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** The script itself tells how its answer must look, so a liar can know. */
function lies(script: string): string {
  const nonce = /^nonce='?([0-9a-f]{32})/m.exec(script)?.[1] ?? '';
  const frame = (head: string, body = '') => `\n== ${nonce} ${head}\n${body}`;
  const isLook = script.includes('observe </dev/null');
  if (!isLook) return [frame('begin'), ...doneSteps(script, nonce), frame('end')].join('');
  const packages = [
    'glance-api',
    'python3-glance',
    'cinder-volume',
    'nova-compute',
    'ceph-common',
    'python3-rbd',
    'librados2',
  ];
  const file = Buffer.from(`${hostileText}\n`).toString('base64');
  return [
    'Welcome!\n',
    frame('begin'),
    frame(
      'os',
      `ID=debian\nVERSION_ID="${hostileText}"\nPRETTY_NAME="${hostileText}"\nID_LIKE="${'x '.repeat(5_000)}"\n`,
    ),
    frame('machine', `${hostileText}\n${hostileText}\n`),
    frame('init', 'systemd\n'),
    frame('packages', packages.map((name) => `${name}|2:30.0.0-3${hostileText}|install ok installed\n`).join('')),
    frame('units', `Id=glance-api.service\nNames=${hostileText}\nLoadState=loaded\nActiveState=${hostileText}\n\n`),
    frame('user glance', 'uid=0(root) gid=0(root) groups=0(root)\n'),
    frame('stat', '81a0|0|0|root|root|12|1|/etc/shadow\n'.repeat(2_000)),
    frame('hashes', `${'a'.repeat(64)}  /etc/shadow\n`),
    frame('content /etc/shadow', `${file}\n`),
    frame(`content ${hostileText}`, `${file}\n`),
    frame('libvirt', `reachable\n${hostileText}\n`),
    frame('instances', '0\n'),
    frame('images', '0\n'),
    frame('clock', '00000000-0000-0000-0000-000000000000\n1 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n'),
    frame('end'),
  ].join('');
}

function* doneSteps(script: string, nonce: string): Generator<string> {
  const count = script.split('\n').filter((line) => /^ {2}step /.test(line)).length;
  for (let index = 0; index < count; index++)
    yield `\n== ${nonce} step ${index} done ${hostileText.replaceAll('\n', ' ')}`;
}
