import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { errorMessage } from '../src/errors.ts';
import { projectRoot } from './cache.ts';
import { worldFile, worldHolder } from './down.ts';
import { startTimeOf } from './leftovers.ts';
import { requireLabMachine } from './preflight.ts';
import { quickstart } from './quickstart.ts';
import { operatorName, quickstartHosts, startWorld, type World } from './world.ts';

/** Brings up a world with the two hosts of the quickstart, and holds it until `make lab-down` or Ctrl-C. */
async function main(): Promise<void> {
  await requireLabMachine();
  const holder = await worldHolder();
  if (holder !== undefined)
    throw new Error(`A world is up already, held by process ${holder}: end it with make lab-down`);
  const note = JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) });
  await writeFile(worldFile, note);

  try {
    await using world = await startWorld({ hosts: quickstartHosts });
    const asked = Promise.withResolvers<void>();
    process.once('SIGINT', asked.resolve).once('SIGTERM', asked.resolve);
    console.log(await howToTalk(world));
    // A promise alone does not keep a process.
    const alive = setInterval(() => {}, 60_000);
    await asked.promise;
    clearInterval(alive);
    console.log('Taking it down.');
  } finally {
    await rm(worldFile, { force: true });
  }
}

async function howToTalk(world: World): Promise<string> {
  const { kube, ceph, network, hosts, namespace } = world;
  const key = join(kube.folder, 'ssh-key');
  const known = join(kube.folder, 'known_hosts');
  await writeFile(key, network.sshKey.privateKey.reveal(), { mode: 0o600 });
  await writeFile(known, [...hosts.values()].map((host) => `${host.knownHostsLine}\n`).join(''));
  const binding = join(kube.folder, 'quickstart.yaml');
  await writeFile(binding, dump(await quickstart(world)));
  const environment = Object.entries({
    ...world.operatorEnvironment,
    KUBECONFIG: await kube.serviceAccountKubeconfig(operatorName, operatorName),
  }).map(([name, value]) => `${name}=${value}`);
  const start = [...environment, `${process.execPath} ${join(projectRoot, 'src/main.ts')}`].join(' ');
  const ssh = `ssh -i ${key} -o UserKnownHostsFile=${known}`;
  return `
A world is up. It stays until make lab-down, or Ctrl-C here.

  Kubernetes   export KUBECONFIG=${kube.kubeconfig} PATH=${kube.commands}:$PATH
               kubectl --namespace ${namespace} get cephopenstack
  Operator     none runs yet; in another shell: ${start}
  Binding      kubectl --namespace ${namespace} apply -f ${binding}
  Ceph         export PATH=${ceph.commands}:$PATH
               ceph --version && ceph status
  Hosts        ${[...hosts.values()].map((host) => `${ssh} root@${host.address}   # ${host.name}`).join('\n               ')}
`;
}

try {
  await main();
} catch (error) {
  console.error(errorMessage(error));
  process.exitCode = 1;
}
