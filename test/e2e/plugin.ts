import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { World } from '../../lab/world.ts';

const exec = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The plugin as one file on the PATH, called through kubectl by somebody who may edit the namespace and no more. */
export interface Plugin extends Disposable {
  run(...words: readonly string[]): Promise<Answer>;
}

export async function installPlugin(world: World): Promise<Plugin> {
  const folder = mkdtempSync(join(tmpdir(), 'plugin-'));
  await exec(process.execPath, [
    join(root, 'src', 'commands', 'kubectl', 'bundle.ts'),
    join(folder, 'kubectl-cephopenstack'),
  ]);
  const { namespace } = world;
  await world.kubectl(['create', 'serviceaccount', 'editor']);
  await world.kubectl([
    'create',
    'rolebinding',
    'editor',
    '--clusterrole=edit',
    `--serviceaccount=${namespace}:editor`,
  ]);
  const kubeconfig = await world.kube.serviceAccountKubeconfig(namespace, 'editor');
  return {
    async run(...words) {
      const env = { PATH: [folder, world.kube.commands, process.env.PATH].join(delimiter), KUBECONFIG: kubeconfig };
      try {
        const { stdout, stderr } = await exec('kubectl', ['cephopenstack', ...words, '-n', namespace], { env });
        return { code: 0, stdout, stderr };
      } catch (error) {
        const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
        if (typeof code !== 'number') throw error;
        return { code, stdout, stderr };
      }
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
