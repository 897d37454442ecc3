import type { Resource } from '../../api/resource.ts';
import { bindingKind, clientAuthKind, type Kind, poolKind } from '../../kube/kinds.ts';
import { atMostOne, type Command, parseWords, UsageError } from '../command.ts';
import { clusterHelp, clusterOptions, openCluster, whereOf } from './cluster.ts';
import { findObject } from './find.ts';
import { nameOf } from './objects.ts';

/** Puts a binding, pool or user into mode Plan: looked at and told, but not changed. */
export const pauseCommand: Command = modeCommand('pause', 'Plan', {
  summary: 'Stop changing anything for a binding, pool or user; go on looking (mode: Plan)',
  done: 'is paused: nothing is changed any more, and "plan" says what would be done. A host ends the transaction that it is in.',
  already: 'is in mode Plan already.',
});

/** Puts it back into mode Enforce. */
export const resumeCommand: Command = modeCommand('resume', 'Enforce', {
  summary: 'Go on with what was paused (mode: Enforce)',
  done: 'goes on: what "plan" said is done now.',
  already: 'is not paused.',
});

const kinds: readonly Kind[] = [bindingKind, poolKind, clientAuthKind];

function modeCommand(
  word: string,
  mode: 'Plan' | 'Enforce',
  says: { readonly summary: string; readonly done: string; readonly already: string },
): Command {
  return {
    summary: says.summary,
    help: `${word} [KIND/]NAME [-n NAMESPACE]

${says.summary}. Sets spec.mode with your own rights.

${clusterHelp}`,
    async run(args) {
      const { values, positionals } = parseWords({ args: [...args], allowPositionals: true, options: clusterOptions });
      const name = atMostOne(positionals);
      if (name === undefined) throw new UsageError('Say what: [KIND/]NAME.');
      await using cluster = openCluster(values);
      const object = findObject(await cluster.objects(), name, whereOf(cluster));
      const kind = kinds.find((one) => one.kind === object.kind);
      const owner = object.metadata.ownerReferences?.find(({ kind: of }) => of === bindingKind.kind);
      if (kind === undefined || owner !== undefined) {
        const alone = kind === undefined ? `, or write mode: ${mode} for this host alone into its spec.hosts` : '';
        throw new UsageError(
          `${nameOf(object)} is told its mode by its binding: ${word} CephOpenStackBinding/${owner?.name ?? 'NAME'}${alone}.`,
        );
      }
      if ((object.spec.mode ?? 'Enforce') === mode) {
        process.stdout.write(`${nameOf(object)} ${says.already}\n`);
        return 0;
      }
      await cluster.client.mergePatch(kind, object.metadata, { spec: { mode } });
      process.stdout.write(`${nameOf(object)} ${says.done}\n`);
      const keeper = gitKeeper(object);
      if (keeper !== undefined) {
        process.stderr.write(`${keeper} keeps it as git says: write mode: ${mode} there too, or it is put back.\n`);
      }
      return 0;
    },
  };
}

/** Who would put a change by hand back. */
function gitKeeper({ metadata }: Resource): string | undefined {
  const { labels = {}, annotations = {} } = metadata;
  if ('argocd.argoproj.io/tracking-id' in annotations || 'argocd.argoproj.io/instance' in labels) return 'Argo CD';
  if ('kustomize.toolkit.fluxcd.io/name' in labels || 'helm.toolkit.fluxcd.io/name' in labels) return 'Flux';
  return undefined;
}
