import { load } from 'js-yaml';

interface Section {
  readonly title: string;
  readonly rows: string[];
}

/**
 * The README of a chart with the table of its values, made from values.yaml: what stands above a value as `# …` says what
 * it is for, `## …` opens a section. A value that nothing is said of is an error, and so is a default over several lines.
 */
export function withValues(readme: string, values: string): string {
  const heading = '\n## Values\n';
  const end = readme.indexOf(heading);
  if (end < 0) throw new Error('Cannot write the values into the README of the chart: it has no section "## Values"');
  const tables = sectionsOf(values).map(({ title, rows }) =>
    [`### ${title}`, '', '| value | default | description |', '| --- | --- | --- |', ...rows].join('\n'),
  );
  return `${[readme.slice(0, end) + heading.trimEnd(), ...tables].join('\n\n')}\n`;
}

function sectionsOf(values: string): readonly Section[] {
  const defaults = load(values);
  const sections: Section[] = [];
  const lines = values.split('\n');
  const path: string[] = [];
  let said: string[] = [];
  for (const [index, line] of lines.entries()) {
    const title = /^## (.*)$/.exec(line)?.[1];
    if (title !== undefined) {
      sections.push({ title, rows: [] });
      said = [];
    }
    const comment = /^ *# (.*)$/.exec(line)?.[1];
    if (comment !== undefined) said.push(comment);
    const [, indent = '', key] = /^( *)([A-Za-z]+):/.exec(line) ?? [];
    if (key === undefined) continue;
    path.splice(indent.length / 2, Infinity, key);
    const isGroup = line.endsWith(':') && lines[index + 1]?.startsWith(`${indent}  `) === true;
    if (!isGroup) {
      if (said.length === 0) throw new Error(`Nothing is said of ${path.join('.')} in the values of the chart`);
      sections.at(-1)?.rows.push(row(path, valueAt(defaults, path), said.join(' ')));
    }
    said = [];
  }
  return sections;
}

function valueAt(values: unknown, path: readonly string[]): unknown {
  return path.reduce((within, key) => (within as Record<string, unknown> | undefined)?.[key], values);
}

function row(path: readonly string[], value: unknown, text: string): string {
  return `| \`${path.join('.')}\` | \`${JSON.stringify(value)}\` | ${text.replaceAll('|', '\\|')} |`;
}
