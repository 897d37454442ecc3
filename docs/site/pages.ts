import { cpSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';

/** The project's own root; the paths of pages and their sources are relative to it. */
export const projectRoot = join(import.meta.dirname, '..', '..');

/** What the site shows, beside the Markdown: files that pages link to. */
const shownFiles = ['deploy/{examples,argocd}/**/*.{yaml,lua}', 'charts/*/values.yaml', 'charts/*/files/*'];
const markdown = ['*.md', 'docs/*.md', 'docs/{decisions,reference}/*.md', 'charts/*/README.md', 'deploy/**/*.md'];

export interface Page {
  /** The file that it shows, as in `docs/operations.md`; a folder for a page that lists one. */
  readonly source: string;
  /** The file that the generator reads, as in `docs/operations.md`, `deploy/examples/index.md`. */
  readonly file: string;
  readonly title: string;
  /** Markdown. */
  readonly text: string;
  /** What it is, where the file begins with a comment that says so. */
  readonly about?: string;
}

/** All pages, by what they show. */
export function allPages(): ReadonlyMap<string, Page> {
  const pages = new Map<string, Page>();
  for (const source of find(markdown)) {
    const text = readFileSync(join(projectRoot, source), 'utf8');
    const file = basename(source) === 'README.md' ? posix.join(dirname(source), 'index.md') : source;
    pages.set(source, { source, file, title: /^# (.*)$/m.exec(text)?.[1] ?? source, text });
  }
  for (const source of find(shownFiles)) pages.set(source, fileShown(source));
  for (const folder of new Set([...pages.keys()].map((source) => dirname(source)))) {
    if (![...pages.values()].some(({ file }) => file === posix.join(folder, 'index.md'))) {
      pages.set(folder, folderShown(folder, [...pages.values()]));
    }
  }
  return pages;
}

function fileShown(source: string): Page {
  const title = basename(source);
  const content = readFileSync(join(projectRoot, source), 'utf8').trimEnd();
  const language = /\.(\w+)$/.exec(source)?.[1] ?? '';
  const text = `# ${title}\n\n\`${source}\`\n\n\`\`\`\`${language}\n${content}\n\`\`\`\`\n`;
  const comment = /^(?:# .*\n)+/.exec(content)?.[0].replaceAll(/^# |\n(?!$)/gm, ' ') ?? '';
  const [about = ''] = /^.*?\.(?= |$)/.exec(comment.trim()) ?? [];
  return { source, file: `${source.replaceAll('.', '-')}.md`, title, text, about };
}

function folderShown(folder: string, pages: readonly Page[]): Page {
  const within = pages.filter(({ source }) => dirname(source) === folder);
  const list = within.map(({ source, title, about = '' }) => `- [${title}](${basename(source)}) ${about}`.trimEnd());
  const text = `# ${folder}\n\n${list.join('\n')}\n`;
  return { source: folder, file: posix.join(folder, 'index.md'), title: folder, text };
}

/** Writes the pages, and the pictures in them, to where the generator reads them. Gives the folder. */
export function stage(pages: ReadonlyMap<string, Page>): string {
  const folder = join(import.meta.dirname, '.pages');
  rmSync(folder, { recursive: true, force: true });
  const write = (file: string, put: (path: string) => void) => {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    put(join(folder, file));
  };
  for (const { file, text } of pages.values()) write(file, (path) => writeFileSync(path, text));
  for (const file of find(['docs/*.svg'])) write(file, (path) => cpSync(join(projectRoot, file), path));
  return folder;
}

/**
 * Where a link of a page leads to on the site: what is relative to the file, and reads well on a forge, becomes the page
 * of that file. A link out of the site stays as it is.
 * @throws when there is no such page.
 */
export function linkOnSite(pages: ReadonlyMap<string, Page>, file: string, href: string): string {
  if (/^[a-z]+:|^#/.test(href)) return href;
  const [path = '', anchor] = href.split('#');
  const source = posix.normalize(posix.join(dirname(file), path)).replace(/\/$/, '');
  const page = pages.get(source) ?? pages.get(posix.join(source, 'README.md'));
  if (page === undefined) throw new Error(`Cannot link from "${file}" to "${href}": it is no page of the site`);
  return addressOf(page) + (anchor === undefined ? '' : `#${anchor}`);
}

/** As in `/docs/operations.html`. */
export function addressOf({ file }: Page): string {
  return `/${file.replace(/\.md$/, '.html').replace(/(^|\/)index\.html$/, '$1')}`;
}

function find(patterns: readonly string[]): string[] {
  return globSync([...patterns], { cwd: projectRoot })
    .filter((path) => statSync(join(projectRoot, path)).isFile())
    .sort();
}
