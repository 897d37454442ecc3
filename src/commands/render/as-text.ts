import type { RenderedHost, RenderedOption, RenderedPool, RenderedUser, Rendering } from './rendering.ts';

/** A rendering for people: what is said of each pool, user and host, one block each. */
export function asText(rendering: Rendering): string {
  const blocks = [
    ...headBlocks(rendering),
    ...cephBlocks(rendering),
    ...rendering.hosts.map((host) => hostText(host, true)),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** Placeholders and notes; none where there are none. */
export function headBlocks({ placeholders, notes }: Rendering): readonly string[] {
  const meanings = placeholders.map(
    ({ placeholder, means, option }) => `    ${placeholder}\n        ${means} Say it with ${option}.`,
  );
  return [
    ...(placeholders.length === 0 ? [] : [['Placeholders, for what only the cluster knows', ...meanings].join('\n')]),
    ...(notes.length === 0 ? [] : [['Not judged', ...notes.map((note) => `    ${note}`)].join('\n')]),
  ];
}

export function cephBlocks({ pools, users }: Rendering): readonly string[] {
  return [...pools.map(poolText), ...users.map(userText)];
}

function poolText(pool: RenderedPool): string {
  const { crushRule, dataPool, erasureProfile = {}, namespaces } = pool;
  const placement =
    crushRule === undefined
      ? []
      : Object.entries(crushRule).map(([name, value]) => `    crush rule's ${name} = ${value}`);
  return [
    `Pool ${pool.pool} in the cluster of ${pool.cluster}, by ${pool.object}${handling(pool)}`,
    ...pool.settings.map(({ name, value }) => `    ${name} = ${value}`),
    ...(dataPool === undefined ? [] : [`    rbd_default_data_pool = ${dataPool}`]),
    ...Object.entries(erasureProfile).map(([name, value]) => `    erasure code profile's ${name} = ${value}`),
    ...placement,
    ...namespaces.map((namespace) => `    namespace ${namespace}`),
  ].join('\n');
}

function userText(user: RenderedUser): string {
  return [
    `User ${user.entity} in the cluster of ${user.cluster}, by ${user.object}${handling(user)}`,
    ...Object.entries(user.caps).map(([subsystem, cap]) => `    ${subsystem}: ${cap}`),
    ...(user.keyType === undefined ? [] : [`    key type ${user.keyType}`]),
    `    kept in the Secret ${user.secret}`,
  ].join('\n');
}

/** Only what is not the default. */
function handling({ adoption, deletionPolicy, mode }: RenderedPool | RenderedUser): string {
  const words = [
    ...(adoption === 'Never' ? [] : [`adoption ${adoption}`]),
    ...(deletionPolicy === 'Retain' ? [] : [`deletionPolicy ${deletionPolicy}`]),
    ...(mode === 'Enforce' ? [] : [`mode ${mode}`]),
  ];
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

/** Everything about one host; `inFull` with the files' content and the options, too. */
export function hostText(host: RenderedHost, inFull: boolean): string {
  const releases = Object.entries(host.releases).map(([project, release]) => `${project} ${release}`);
  return [
    `Host ${host.name} at ${host.address}, of binding ${host.binding}`,
    `    roles ${host.roles.join(', ')}; ${releases.join(', ')}; ${host.platform}`,
    `  Packages${host.packages.handling === 'Install' ? '' : ' (only verified)'}`,
    ...host.packages.needed.map(({ name, restarts }) => `    ${name}${because(restarts)}`),
    ...(host.directories.length === 0 ? [] : ['  Directories']),
    ...host.directories.map(({ path, owner, group, mode }) => `    ${path} ${owner}:${group} ${mode}`),
    '  Files',
    ...host.files.flatMap(({ path, owner, group, mode, content }) => [
      `    ${path} ${owner}:${group} ${mode}`,
      ...(inFull ? indented(content) : []),
    ]),
    ...(host.libvirtSecrets.length === 0 ? [] : ['  Libvirt secrets']),
    ...host.libvirtSecrets.map(({ uuid, usageName, key }) => `    ${uuid} "${usageName}" = ${key}`),
    ...optionText(host.options, inFull),
    `  Restarts${host.restarts.handling === 'Auto' ? '' : ' (left to you)'}`,
    `    ${host.restarts.units.join(', ')}`,
    ...(host.access.length === 0 ? [] : ['  Proofs of access']),
    ...host.access.map(({ user, entity, pool, conf }) => `    ${user} opens ${pool} as ${entity} with ${conf}`),
  ].join('\n');
}

function because(restarts: readonly string[]): string {
  return restarts.length === 0 ? '' : ` (if new, ${restarts.join(', ')} restart)`;
}

function indented(content: string): readonly string[] {
  return content
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `        ${line.replaceAll('\t', '    ')}`));
}

function optionText(options: readonly RenderedOption[], inFull: boolean): readonly string[] {
  // In a tree the files themselves show what is written; only other edits have to be told.
  const told = inFull ? options : options.filter(({ edit }) => edit.how !== 'set' || edit.leave !== undefined);
  const places = Map.groupBy(told, ({ file, section, layout }) => `    ${file} [${section}]${inLayout(layout)}`);
  const lines = [...places].flatMap(([place, some]) => [place, ...some.map((option) => `        ${editText(option)}`)]);
  return lines.length === 0 ? [] : ['  Options', ...lines];
}

function inLayout(layout: RenderedOption['layout']): string {
  if (layout === undefined) return '';
  return layout === 'multi' ? ', where the file has several stores' : ', where the file has one store';
}

function editText({ name, edit }: RenderedOption): string {
  switch (edit.how) {
    case 'set':
      if (edit.leave === undefined) return `${name} = ${edit.value}`;
      return `${name} = ${edit.value}  (only where it is ${edit.leave === 'unset' ? 'set' : 'not set'})`;
    case 'list-member': {
      const beside = edit.whenUnset.length === 0 ? '' : `, after ${edit.whenUnset.join(',')} where it is not set`;
      const replaces = edit.replaces === undefined ? '' : `, in the place of another ${edit.replaces}…`;
      return `${name} has ${edit.member}${beside}${replaces}`;
    }
    case 'list-without':
      return `${name} has none of ${edit.members.join(', ')}`;
    case 'absent':
      return `${name} is not set`;
  }
}
