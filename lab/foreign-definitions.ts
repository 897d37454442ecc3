import { join } from 'node:path';
import { goModule } from './go-program.ts';
import { run } from './process.ts';

/** Where projects publish the definitions of their kinds: in a Go module, of this version and with this checksum. */
const published = {
  prometheus: {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    files: ['servicemonitors', 'prometheusrules'].map(
      (plural) => `example/prometheus-operator-crd/monitoring.coreos.com_${plural}.yaml`,
    ),
  },
  fluxSources: {
    module: 'github.com/fluxcd/source-controller@v1.7.0',
    sum: 'h1:/fBgS4CSmT5Jj/fjQDF92y+pC3gst1GJjgNSzY8Ff9I=',
    files: ['config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml'],
  },
  fluxKustomizations: {
    module: 'github.com/fluxcd/kustomize-controller@v1.6.0',
    sum: 'h1:13S+wqCQ44njSg59DNgm1qMqVkK6+0eoZs+jv4+EWCs=',
    files: ['config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml'],
  },
  fluxReleases: {
    module: 'github.com/fluxcd/helm-controller@v1.4.0',
    sum: 'h1:rkm8rmB6Na7eNc4pJOnvtXEaJ19iKluRtayHKjBxcUM=',
    files: ['config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml'],
  },
  externalSecrets: {
    module: 'github.com/external-secrets/external-secrets@v1.3.2',
    sum: 'h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=',
    files: ['config/crds/bases/external-secrets.io_externalsecrets.yaml'],
  },
  sealedSecrets: {
    module: 'github.com/bitnami-labs/sealed-secrets@v0.40.0',
    sum: 'h1:rvCP35JL8ZV5LNA2SrwNR6iLyoM3ulrSFWN0lBtYEYI=',
    files: ['helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml'],
  },
} as const;

/** Files with definitions of kinds that are not ours, as their projects publish them. */
export async function foreignDefinitions(...names: readonly (keyof typeof published)[]): Promise<readonly string[]> {
  const files = names.map(async (name) => {
    const { module, sum, files } = published[name];
    const found = JSON.parse(await run('go', ['mod', 'download', '-json', module]));
    if (found.Sum !== sum) throw new Error(`Cannot use ${module}: its checksum is ${found.Sum}, not ${sum}`);
    return files.map((file) => join(found.Dir, file));
  });
  return (await Promise.all(files)).flat();
}

/** That of Argo CD's Applications, of the version that the lab builds. */
export async function applicationDefinition(): Promise<string> {
  const download = ['mod', 'download', '-C', goModule('argocd'), '-json', 'github.com/argoproj/argo-cd/v3'];
  return join(JSON.parse(await run('go', download)).Dir, 'manifests', 'crds', 'application-crd.yaml');
}
