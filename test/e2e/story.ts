import assert from 'node:assert/strict';
import { eventually } from '../../lab/eventually.ts';
import { quickstart } from '../../lab/quickstart.ts';
import { operatorName, type World } from '../../lab/world.ts';
import type { Condition } from '../../src/api/resource.ts';

/** All kinds, as kubectl takes them. */
export const kinds = 'cephopenstackbindings,rbdpools,cephclientauths,cephopenstackhosts';

/** What stories read of any object. */
export interface Seen {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly generation: number;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
    readonly [field: string]: unknown;
  };
}

export interface SeenEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

export interface Patience {
  /** Default: 60 000. */
  readonly timeoutMs?: number;
}

/** Waits until `check` does not throw. In vain, the error shows every object's conditions and the operator's last lines. */
export async function soon<T>(
  world: World,
  what: string,
  check: () => T | Promise<T>,
  { timeoutMs = 60_000 }: Patience = {},
): Promise<T> {
  try {
    return await eventually(check, { timeoutMs, what });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\n${await describeWorld(world)}`, { cause: error });
  }
}

export async function objects(world: World, which = kinds): Promise<readonly Seen[]> {
  return JSON.parse(await world.kubectl(['get', which, '-o', 'json'])).items;
}

export async function events(world: World): Promise<readonly SeenEvent[]> {
  return JSON.parse(await world.kubectl(['get', 'events', '-o', 'json'])).items;
}

export function readyOf({ status }: Seen): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready');
}

/** Ready, and for what the spec says now. */
export function isReady(object: Seen): boolean {
  return readyOf(object)?.status === 'True' && object.status?.observedGeneration === object.metadata.generation;
}

/** Applies the quickstart, with other fields of its spec where given. */
export async function applyQuickstart(world: World, fields: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const binding = await quickstart(world);
  await world.apply({ ...binding, spec: { ...binding.spec, ...fields } });
}

/** Waits until everything of the quickstart's binding is there and Ready. Packages are downloaded on the way. */
export async function allReady(world: World, patience: Patience = { timeoutMs: 300_000 }): Promise<void> {
  await soon(
    world,
    'all is Ready',
    async () => {
      const found = await objects(world);
      for (const kind of ['CephOpenStackBinding', 'RbdPool', 'CephClientAuth', 'CephOpenStackHost']) {
        assert.ok(
          found.some((object) => object.kind === kind),
          `there is no ${kind}`,
        );
      }
      const others = found
        .filter((object) => !isReady(object))
        .map((object) => `${object.kind}/${object.metadata.name}`);
      assert.deepEqual(others, [], 'not Ready');
    },
    patience,
  );
}

/** Everything that was said of objects of a kind, in a status or an event. */
export async function sayings(world: World, kind: string, name?: string): Promise<readonly string[]> {
  const isMeant = (one: { kind: string; name: string }) =>
    one.kind === kind && (name === undefined || one.name === name);
  const inStatus = (await objects(world))
    .filter((object) => isMeant({ kind: object.kind, name: object.metadata.name }))
    .flatMap(({ status }) => status?.conditions ?? [])
    .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  const inEvents = (await events(world))
    .filter(({ involvedObject }) => isMeant(involvedObject))
    .map(({ reason, message }) => `${reason}: ${message}`);
  return [...inStatus, ...inEvents];
}

/** Refused requests of the operator: a right that the chart does not give, or a token that is not taken. */
export async function refusedRequests(world: World): Promise<readonly string[]> {
  return (await operatorRequests(world))
    .filter(({ code }) => code === 401 || code === 403)
    .map(({ verb, uri, code }) => `${verb} ${uri}: ${code}`);
}

/** What the operator has changed in Kubernetes so far, numbered, its lease aside. */
export async function operatorWrites(world: World): Promise<readonly string[]> {
  return (await operatorRequests(world))
    .filter(({ verb, uri }) => !['get', 'list', 'watch'].includes(verb) && !uri.includes('/leases'))
    .map(({ verb, uri, code }, index) => `${index + 1}. ${verb} ${uri}: ${code}`);
}

/** What the operator has asked of Kubernetes so far. */
export async function operatorRequests(world: World) {
  const account = `system:serviceaccount:${operatorName}:${operatorName}`;
  return (await world.kube.requests()).filter(({ user }) => user === account);
}

async function describeWorld(world: World): Promise<string> {
  const lines = (await objects(world).catch(() => [])).flatMap((object) => [
    `${object.kind}/${object.metadata.name}`,
    ...(object.status?.conditions ?? []).map(
      ({ type, status, reason, message }) => `    ${type}=${status} ${reason}: ${message}`,
    ),
  ]);
  const log = (world.operators.at(-1)?.log ?? []).filter((line) => !line.includes('"Looked."')).slice(-25);
  return [...lines, 'The operator said last:', ...log.map((line) => `    ${line.slice(0, 500)}`)].join('\n');
}
