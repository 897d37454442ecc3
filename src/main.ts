#!/usr/bin/env node
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { createClusters } from './ceph/cluster.ts';
import { capsCommand } from './commands/caps.ts';
import { type Command, UsageError } from './commands/command.ts';
import { renderCommand } from './commands/render.ts';
import { runCommand } from './commands/run-command.ts';
import { type Config, parseConfig } from './config.ts';
import { cephClientAuthKind } from './controllers/ceph-client-auth/kind.ts';
import { bindingKind } from './controllers/ceph-openstack-binding/reconcile.ts';
import { hostKind } from './controllers/ceph-openstack-host/reconcile.ts';
import { createPoolCounts } from './controllers/pool-counts.ts';
import { rbdPoolKind } from './controllers/rbd-pool/kind.ts';
import { secretReader } from './controllers/secrets.ts';
import { SshPool } from './hosts/ssh-pool.ts';
import { secretKind } from './kube/kinds.ts';
import { KubeOperator } from './kube/operator.ts';
import { startProbes } from './kube/probes.ts';
import { watchedKinds } from './kube/watched.ts';
import { createLogger, type Logger } from './log.ts';
import { createClouds } from './openstack-api/cloud.ts';

/** Whatever is still under way then is cut off: Kubernetes kills after 30 s. */
const stopDeadlineMs = 28_000;

async function run(words: readonly string[]): Promise<number> {
  if (words[0] !== undefined)
    throw new UsageError(`"run" takes no words, and there is "${words[0]}": it is configured by the environment.`);
  const config = parseConfig(process.env, { isTerminal: process.stdout.isTTY === true });
  const log = createLogger({ level: config.logLevel, format: config.logFormat });
  outliveStrayRejections(log);
  await using stack = new AsyncDisposableStack();

  const operator = createOperator(config, log);
  registerKinds(operator, config, stack);

  stack.use(await startProbes(config.metrics, () => operator.unready()));
  await operator.start();
  log.info({ installation: config.installation, namespaces: config.watchNamespaces }, 'Started.');

  const end = await Promise.race([operator.ended, asked()]);
  if (end instanceof Error) {
    log.error(end.message);
    // Without the lease every further moment of work could meet another's.
    process.exit(1);
  }
  log.info('Stopping.');
  setTimeout(() => process.exit(1), stopDeadlineMs).unref();
  await operator.stop();
  log.info('Stopped.');
  return 0;
}

function createOperator(config: Config, log: Logger): KubeOperator {
  return new KubeOperator({
    namespaces: config.watchNamespaces,
    watched: watchedKinds,
    ...(config.leaderElection
      ? { election: { lease: { namespace: config.podNamespace, name: 'ceph-openstack-operator' } } }
      : {}),
    // Never that of another process, be it the one that ran in the same pod before.
    identity: `${config.identity}_${randomUUID().slice(0, 8)}`,
    log,
  });
}

/** The kinds, a line each. */
function registerKinds(operator: KubeOperator, config: Config, stack: AsyncDisposableStack): void {
  const { cache, client } = operator;
  const { installation } = config;
  const secrets = secretReader(client, cache);
  operator.onGone(secretKind, ({ metadata }) => secrets.gone(metadata));
  const ssh = stack.use(new SshPool());
  const clusters = stack.use(
    createClusters(config.cephBrokerRoot === undefined ? {} : { root: config.cephBrokerRoot }),
  );
  const counts = createPoolCounts();
  const clouds = stack.use(createClouds());
  const ceph = {
    cache,
    client,
    secrets,
    clusters,
    counts,
    installation,
    lookEveryMs: config.cephLookMs,
    hostLookMs: config.hostLookMs,
  };
  operator.register(rbdPoolKind(ceph));
  operator.register(cephClientAuthKind(ceph));
  operator.register(bindingKind({ client, cache, secrets, clouds, counts, lookEveryMs: config.cephLookMs }));
  const namespaces = config.watchNamespaces;
  operator.register(hostKind({ cache, secrets, ssh, namespaces, installation, lookEveryMs: config.hostLookMs }));
}

/** Resolves when the process is told to stop. */
function asked(): Promise<'asked'> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve('asked'));
  });
}

/** A promise that some library forgot must not end everybody's work. */
function outliveStrayRejections(log: Logger): void {
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'A rejection was not handled.'));
}

const commands: Readonly<Record<string, Command>> = {
  run: {
    summary: 'Run the operator, configured by environment variables; also what no command does',
    help: 'run\n\nRuns the operator. It is configured by environment variables: docs/reference/environment.md lists them.\n',
    run,
  },
  caps: capsCommand,
  render: renderCommand,
};

// The image has it on the PATH by this name.
const installed = 'ceph-openstack-operator';
const name = basename(process.argv[1] ?? '') === installed ? installed : 'node src/main.ts';

process.exitCode = await runCommand({ name, commands, withoutWord: 'run' }, process.argv.slice(2));
