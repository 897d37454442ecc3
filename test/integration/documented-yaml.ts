import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { projectRoot } from '../../lab/cache.ts';

export interface ApiResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: object; readonly annotations?: object };
}

/** YAML that people are shown: a file, or a block of a page with the line where it begins. */
export interface Shown {
  readonly where: string;
  readonly documents: readonly unknown[];
  /**
   * What a block is a part of, as the comment before it says: `<!-- yaml: spec of RbdPool -->` or
   * `<!-- yaml: values of the chart -->`. A whole object needs none.
   */
  readonly partOf?: string;
}

export function yamlFiles(): Shown[] {
  return find(['deploy/**/*.{yaml,yml}']).map((where) => ({ where, documents: loadAll(textOf(where)) }));
}

export function yamlBlocks(): Shown[] {
  return find(['*.md', 'docs/**/*.md', 'charts/**/*.md', 'deploy/**/*.md']).flatMap((page) => blocksOf(page));
}

function blocksOf(page: string): Shown[] {
  const text = textOf(page);
  const block = /^(?: *<!-- yaml: (?<partOf>.*) -->\n\n?)?(?<indent> *)```ya?ml.*\n(?<yaml>[\s\S]*?)^\k<indent>```$/gm;
  return [...text.matchAll(block)].map(({ index, groups }) => {
    const { partOf, indent, yaml = '' } = groups ?? {};
    return {
      where: `${page}:${text.slice(0, index).split('\n').length}`,
      documents: loadAll(yaml.replaceAll(new RegExp(`^${indent}`, 'gm'), '')),
      ...(partOf === undefined ? {} : { partOf }),
    };
  });
}

export function isResource(document: unknown): document is ApiResource {
  return typeof document === 'object' && document !== null && 'apiVersion' in document && 'kind' in document;
}

function textOf(path: string): string {
  return readFileSync(join(projectRoot, path), 'utf8');
}

function find(patterns: string[]): string[] {
  return globSync(patterns, { cwd: projectRoot, exclude: ['docs/site/*/**'] }).sort();
}
