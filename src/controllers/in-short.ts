const named = 20;

/** Names in a sentence, in the order given: the first of them, and how many more there are. */
export function inShort(names: readonly string[]): string {
  const more = names.length > named ? ` and ${names.length - named} more` : '';
  return `${names.slice(0, named).join(', ')}${more}`;
}
