import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** docs/operations.md; put in by bundle.ts where the plugin is one file. */
declare const OPERATIONS: string | undefined;

export interface Advice {
  readonly meaning: string;
  readonly remedy: string;
}

/** What docs/operations.md says of a condition type or reason, its links reduced to their words. */
export function adviceFor(word: string): Advice | undefined {
  if (!/^\w+$/.test(word)) return undefined;
  const row = new RegExp(`^\\| \`${word}\` \\| (\\S.*) \\| (\\S.*) \\|$`, 'm').exec(operations());
  if (row === null) return undefined;
  const [, meaning = '', remedy = ''] = row;
  return { meaning: withoutMarkup(meaning), remedy: withoutMarkup(remedy) };
}

let text: string | undefined;
function operations(): string {
  text ??=
    typeof OPERATIONS === 'string'
      ? OPERATIONS
      : readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'operations.md'), 'utf8');
  return text;
}

function withoutMarkup(markdown: string): string {
  return markdown.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
}
