import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { errorMessage } from '../errors.ts';
import type { Source } from './render/documents.ts';

/** The texts of files, of the files directly in folders, and of the input (`-`); and what cannot be read, as sentences. */
export async function readSources(places: readonly string[]): Promise<{ sources: Source[]; faults: string[] }> {
  const sources: Source[] = [];
  const faults: string[] = [];
  for (const place of new Set(places)) {
    try {
      sources.push(...(await sourcesIn(place)));
    } catch (error) {
      faults.push(unreadable(place, error));
    }
  }
  return { sources, faults };
}

/** Why a file that somebody named cannot be read, and what to do: a sentence. */
export function unreadable(place: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const why =
    code === 'ENOENT'
      ? 'there is no such file: give the path of one that is there'
      : code === 'EACCES' || code === 'EPERM'
        ? 'its permissions do not let you: change them, or run this as somebody whom they let'
        : errorMessage(error);
  return `${place}: cannot be read: ${why}.`;
}

async function sourcesIn(place: string): Promise<readonly Source[]> {
  if (place === '-') return [{ name: 'input', text: await text(process.stdin) }];
  if (!(await stat(place)).isDirectory()) return [{ name: place, text: await readFile(place, 'utf8') }];
  const names = (await readdir(place)).filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
  const files = names.map((name) => join(place, name));
  return await Promise.all(files.map(async (name) => ({ name, text: await readFile(name, 'utf8') })));
}
