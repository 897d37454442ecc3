import { type Host, startHost } from '../../lab/hosts.ts';
import { startNetwork } from '../../lab/network.ts';
import { type HostFacts, lookAtNothing, type ObserveRequest } from '../../src/hosts/facts.ts';
import { applySteps, observeHost } from '../../src/hosts/host.ts';
import type { SshAccess, SshConnection } from '../../src/hosts/ssh-access.ts';
import { SshPool } from '../../src/hosts/ssh-pool.ts';
import type { HostStep, StepResult } from '../../src/hosts/steps.ts';

/** A host of all roles in a network of its own, looked at and changed over SSH. */
export interface Machine extends AsyncDisposable {
  readonly host: Host;
  /** Logs in with the network's key, unless with another. */
  connection(user?: string, access?: Partial<SshAccess>): SshConnection;
  observe(request: Partial<ObserveRequest>, user?: string): Promise<HostFacts>;
  apply(...steps: readonly HostStep[]): Promise<readonly StepResult[]>;
  outcomes(...steps: readonly HostStep[]): Promise<readonly StepResult['outcome'][]>;
}

const never = new AbortController().signal;

export async function startMachine(): Promise<Machine> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await startNetwork());
  const host = stack.use(await startHost({ name: 'cmp1', layer: 'combined', network }));
  const pool = stack.use(new SshPool());
  const running = stack.move();

  function connection(user = 'root', more: Partial<SshAccess> = {}): SshConnection {
    const access = { privateKey: network.sshKey.privateKey, knownHosts: host.knownHostsLine, user, port: 22 };
    return pool.connection({ name: host.name, address: host.address, access: { ...access, ...more } });
  }

  function observe(request: Partial<ObserveRequest>, user = 'root'): Promise<HostFacts> {
    return observeHost(connection(user), { ...lookAtNothing, ...request }, never);
  }

  async function apply(...steps: readonly HostStep[]): Promise<readonly StepResult[]> {
    const results: StepResult[] = [];
    await applySteps(connection(), steps, (_, result) => results.push(result), never);
    return results;
  }

  async function outcomes(...steps: readonly HostStep[]): Promise<readonly StepResult['outcome'][]> {
    return (await apply(...steps)).map(({ outcome }) => outcome);
  }

  return { host, connection, observe, apply, outcomes, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
