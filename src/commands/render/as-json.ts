const lineWidth = 120;

/** JSON that a person can read and a line-wise comparison serves: what fits on a line is on one. Ends with a newline. */
export function asJson(value: unknown): string {
  return `${print(value, '')}\n`;
}

function print(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((item) => ({ name: '', item }))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([name, item]) => ({ name: `${JSON.stringify(name)}: `, item }));
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  if (parts.length === 0) return `${open}${close}`;
  const space = isList ? '' : ' ';
  const flat = `${open}${space}${parts.map(({ name, item }) => name + print(item, '')).join(', ')}${space}${close}`;
  // Of what lies deeper than one level a change would be hard to see.
  const isShallow = parts.every(({ item }) => typeof item !== 'object' || item === null || isFlat(item));
  if (isShallow && flat.length + indent.length <= lineWidth && !flat.includes('\n')) return flat;
  const deeper = `${indent}  `;
  return `${open}\n${parts.map(({ name, item }) => `${deeper}${name}${print(item, deeper)}`).join(',\n')}\n${indent}${close}`;
}

function isFlat(value: object): boolean {
  return Object.values(value).every(
    (item) => typeof item !== 'object' || item === null || Object.keys(item).length === 0,
  );
}
