import { loadAll, YAMLException } from 'js-yaml';
import { z } from 'zod';

/** One object of the input. */
export interface Document {
  /** Where it stands, for a person: `cloud.yaml`, `cloud.yaml, document 2`, `cloud.yaml, item 3`. */
  readonly place: string;
  readonly value: unknown;
}

export interface Source {
  readonly name: string;
  readonly text: string;
}

const list = z.looseObject({ kind: z.string().regex(/List$/), items: z.array(z.unknown()) });

/** Every object of some YAML (or JSON) texts, those of Lists one by one; and what cannot be read, as sentences. */
export function readDocuments(sources: readonly Source[]): {
  documents: readonly Document[];
  faults: readonly string[];
} {
  const documents: Document[] = [];
  const faults: string[] = [];
  for (const source of sources) {
    try {
      documents.push(...documentsIn(source));
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      const line = error.mark === undefined ? '' : `, line ${error.mark.line + 1}`;
      faults.push(`${source.name}${line}: is no YAML: ${error.reason}.`);
    }
  }
  return { documents, faults };
}

function documentsIn({ name, text }: Source): readonly Document[] {
  const values = loadAll(text).map((value, index) => ({ value, index }));
  const present = values.filter(({ value }) => value !== null && value !== undefined);
  return present.flatMap(({ value, index }) => {
    const place = values.length === 1 ? name : `${name}, document ${index + 1}`;
    const found = list.safeParse(value);
    if (!found.success) return [{ place, value }];
    return found.data.items.map((item, at) => ({ place: `${place}, item ${at + 1}`, value: item }));
  });
}
