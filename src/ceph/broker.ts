import { lookup } from 'node:dns/promises';
import type { Call, Reply, Request, Response } from './broker-protocol.ts';
import { errno } from './broker-protocol.ts';
import { connectRados, type Pool, type Rados } from './librados.ts';
import { openRbd, type Rbd } from './librbd.ts';
import { namesIn } from './mon-host.ts';
import { createOutbox } from './outbox.ts';

/*
 * The child process in which librados lives: one for each connection. A crash or a hang in native code costs this
 * process only; the parent (broker-client.ts) bounds what is in flight, has the deadlines, and kills and restarts it.
 */

let rados: Rados | undefined;
let rbd: Rbd | undefined;

const respond = createOutbox<Response>((responses) => {
  if (process.connected) process.send?.(responses);
});

process.on('message', (requests: readonly Request[]) => {
  for (const request of requests) void answer(request);
});
process.on('disconnect', () => void end());

async function answer({ id, call }: Request): Promise<void> {
  const response = await perform(call).then(
    (reply): Response => ({ id, reply }),
    (error: unknown): Response => ({ id, fault: error instanceof Error ? error.message : String(error) }),
  );
  respond(response);
}

async function perform(call: Call): Promise<Reply> {
  if (call.op === 'connect') {
    const connected = await connectRados(call);
    if (typeof connected === 'number') return result(await explain(connected, call.monHost));
    rados = connected;
    return { ...result(0), value: connected.fsid };
  }
  if (rados === undefined) return result(errno.ENOTCONN);
  switch (call.op) {
    case 'mon':
      return rados.command(call.command, call.input);
    case 'tell-mon':
      return rados.commandMonitor(call.monitor, call.command);
    case 'look':
      return inPool(rados, call.pool, (pool, rbd) => rbd.look(pool));
    case 'contents':
      return inPool(rados, call.pool, (pool, rbd) => rbd.contents(pool, call.holds));
    case 'set-data-pool':
      return inPool(rados, call.pool, (pool, rbd) => rbd.setDataPool(pool, call.dataPool));
    case 'init-pool':
      return inPool(rados, call.pool, (pool, rbd) => rbd.initPool(pool, call.hasSnapshots));
    case 'create-namespace':
      return inPool(rados, call.pool, (pool, rbd) => rbd.createNamespace(pool, call.namespace));
    case 'remove-namespace':
      return inPool(rados, call.pool, (pool, rbd) => rbd.removeNamespace(pool, call.namespace));
  }
}

/** librados says EINVAL both of a name that it cannot resolve and of a key that the monitors cannot use. */
async function explain(rc: number, monHost: string): Promise<number> {
  const names = namesIn(monHost);
  if (rc !== errno.EINVAL || names.length === 0) return rc;
  const found = await Promise.allSettled(names.map((name) => lookup(name)));
  return found.some(({ status }) => status === 'fulfilled') ? rc : errno.ENOENT;
}

async function inPool(
  rados: Rados,
  name: string,
  work: (pool: Pool, rbd: Rbd) => Promise<object | number>,
): Promise<Reply> {
  rbd ??= openRbd();
  const opened = rbd;
  const value = await rados.withPool(name, (pool) => work(pool, opened));
  return typeof value === 'number' ? result(value) : { ...result(0), value };
}

function result(rc: number): Reply {
  return { rc, data: '', text: '' };
}

/**
 * The parent is gone. Says goodbye, and ends at all events: librados may hang for as long as no monitor answers, and an
 * orderly exit in the native code that runs then, where no timer of ours fires any more.
 */
async function end(): Promise<void> {
  const kill = () => process.kill(process.pid, 'SIGKILL');
  setTimeout(kill, 2_000);
  await rados?.shutdown();
  kill();
}
