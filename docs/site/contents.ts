import { addressOf, type Page } from './pages.ts';

interface Entry {
  readonly text: string;
  readonly link: string;
}
export interface Group {
  readonly text: string;
  readonly collapsed?: boolean;
  readonly items: readonly Entry[];
}

/** What each reader looks for first: file and, where its own title is too long for the margin, another. */
const order: Readonly<Record<string, readonly (readonly [source: string, text?: string])[]>> = {
  'Start here': [['README.md', 'Quickstart'], ['docs/concepts.md'], ['deploy/examples', 'Examples']],
  'Who runs the cloud': [
    ['docs/operations.md'],
    ['docs/render.md', 'See it first: render'],
    ['docs/failures.md', 'What goes wrong'],
    ['docs/performance.md'],
  ],
  'Who runs the platform': [
    ['charts/ceph-openstack-operator/README.md', 'The chart'],
    ['docs/support.md'],
    ['docs/gitops.md', 'Argo CD and Flux'],
    ['deploy/examples/gitops/README.md', 'A repository to begin with'],
  ],
  'Who runs Ceph': [
    ['docs/security.md', 'Security'],
    ['docs/reference/children.md', 'Pools, users and caps'],
  ],
  Reference: [
    ['docs/reference/api.md', 'Every field'],
    ['docs/reference/environment.md', 'Environment'],
    ['docs/reference/metrics.md'],
    ['docs/reference/matrix.md', 'Releases and hosts'],
    ['docs/api-versions.md', 'Versions'],
  ],
  'The project': [['ARCHITECTURE.md'], ['CONTRIBUTING.md']],
};

/** The contents in the margin. A page of docs/ that no reader's list names is listed last, under "More". */
export function contents(pages: ReadonlyMap<string, Page>): Group[] {
  const listed = new Set<string>();
  const entry = (source: string, text?: string): Entry => {
    const page = pages.get(source);
    if (page === undefined) throw new Error(`Cannot list "${source}" in the contents: there is no such page`);
    listed.add(source);
    return { text: text ?? page.title, link: addressOf(page) };
  };
  const below = (folder: string) => [...pages.keys()].filter((source) => source.startsWith(`${folder}/`));
  const groups: Group[] = Object.entries(order).map(([text, sources]) => ({
    text,
    items: sources.map(([source, title]) => entry(source, title)),
  }));
  const decisions = below('docs/decisions').map((source) => entry(source));
  const more = below('docs').filter((source) => source.endsWith('.md') && !listed.has(source));
  if (more.length > 0) groups.push({ text: 'More', items: more.map((source) => entry(source)) });
  return [...groups, { text: 'Decisions', collapsed: true, items: decisions }];
}
