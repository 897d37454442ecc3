import type { UnitFacts } from './facts.ts';
import type { Frame } from './frames.ts';

const notFound: UnitFacts = {
  load: 'not-found',
  active: 'inactive',
  sub: 'dead',
  unitFile: '',
  jobPending: false,
  invocation: '',
  mainPID: 0,
  needsReload: false,
  clusterManaged: false,
};

/** `systemctl show`, or the script in its stead, gives a block for each unit asked for, in that order, with an empty line between them. */
export function parseUnits(
  body: string,
  asked: readonly string[],
  startTicks: ReadonlyMap<number, number>,
): Readonly<Record<string, UnitFacts>> {
  const blocks = body
    .split(/\n\n+/)
    .map((block) => new Map(block.split('\n').flatMap(parseProperty)))
    .filter((block) => block.has('Id'));
  const named = (unit: string) =>
    blocks.find((block) => block.get('Id') === unit || block.get('Names')?.split(' ').includes(unit));
  return Object.fromEntries(asked.map((unit) => [unit, parseUnit(named(unit), startTicks)]));
}

function parseProperty(line: string): readonly [string, string][] {
  const at = line.indexOf('=');
  return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
}

function parseUnit(block: ReadonlyMap<string, string> | undefined, startTicks: ReadonlyMap<number, number>): UnitFacts {
  if (block === undefined) {
    return notFound;
  }
  const word = (property: string) => /^[a-zA-Z0-9-]{1,40}$/.exec(block.get(property) ?? '')?.[0] ?? '';
  const mainPID = parseCount(block.get('MainPID')) ?? 0;
  const start = startTicks.get(mainPID);
  return {
    load: word('LoadState') || 'not-found',
    active: word('ActiveState') || 'inactive',
    sub: word('SubState'),
    unitFile: word('UnitFileState'),
    jobPending: (parseCount(block.get('Job')?.split(' ')[0]) ?? 0) > 0,
    // Before systemd 232 a start has no id; its moment is one as well, and 0 before the first.
    invocation: word('InvocationID') || word('ExecMainStartTimestampMonotonic').replace(/^0$/, ''),
    mainPID,
    ...(start === undefined ? {} : { startTicks: start }),
    needsReload: block.get('NeedDaemonReload') === 'yes',
    // Pacemaker leaves this file beside each unit that it starts.
    clusterManaged:
      block.get('ClusterManaged') === 'yes' || block.get('DropInPaths')?.includes('/50-pacemaker.conf') === true,
  };
}

/** Start times from frames `process PID`, each with the text of /proc/PID/stat. */
export function parseStarts(frames: readonly Frame[]): ReadonlyMap<number, number> {
  return new Map(
    frames.flatMap(({ head, body }) => {
      const pid = parseCount(head[1]);
      const ticks = parseStartTicks(body);
      return head[0] === 'process' && pid !== undefined && ticks !== undefined ? [[pid, ticks]] : [];
    }),
  );
}

/** Field 22 of /proc/PID/stat (proc(5)); field 2, the name, may hold blanks, parentheses and line ends. */
export function parseStartTicks(stat: string): number | undefined {
  const afterName = stat.slice(stat.lastIndexOf(')') + 1).trim();
  return parseCount(afterName.split(/\s+/)[19]);
}

/** A whole number that is exact as a JavaScript one. */
export function parseCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
