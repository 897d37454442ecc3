/*
 * Globs as POSIX extended regular expressions, for those who know nothing else: Ceph's caps. Both speak of names of
 * letters, digits, `_`, `.` and `-`, and a pattern never matches another sign.
 */

/** What a glob over such names is written with. */
export const globPattern = /^[A-Za-z0-9_.*?-]+$/;

/** What is left of the glob behind a text that it has matched: none where it matches no name that begins so. */
export function restsAfter(glob: string, text: string): readonly string[] {
  const step = (rest: string, sign: string): readonly string[] =>
    rest.startsWith('*')
      ? [rest, ...step(rest.slice(1), sign)]
      : rest.startsWith('?') || (rest !== '' && rest.startsWith(sign))
        ? [rest.slice(1)]
        : [];
  const rests = [...text].reduce((found, sign) => found.flatMap((rest) => step(rest, sign)), [glob]);
  return [...new Set(rests)];
}

/**
 * Matches what the glob matches and none of `except` does, each of which may end with `*` and has no other wildcard.
 * Undefined where nothing is left. An expression cannot say "not", so it follows `except` sign by sign, and is free where a name leaves them.
 */
export function patternOf(glob: string, except: readonly string[]): string | undefined {
  if (except.length === 0) return [...glob].map(signPattern).join('');
  if (except.includes('*')) return undefined;
  if (glob === '') return except.includes('') ? undefined : '';
  const [sign = '', rest] = [glob[0], glob.slice(1)];
  const past = (head: string, further: string) =>
    after(
      head,
      patternOf(
        further,
        except.filter((one) => one.startsWith(head)).map((one) => one.slice(1)),
      ),
    );
  if (sign !== '*' && sign !== '?') return past(sign, rest);
  const further = sign === '*' ? glob : rest;
  const heads = [...new Set(except.flatMap((one) => one[0] ?? []))].sort();
  return oneOf([
    ...(sign === '*' ? [patternOf(rest, except)] : []),
    ...heads.map((head) => past(head, further)),
    `${anyBut(heads)}${patternOf(further, [])}`,
  ]);
}

function after(sign: string, pattern: string | undefined): string | undefined {
  return pattern === undefined ? undefined : `${signPattern(sign)}${pattern}`;
}

/** An empty alternative has no meaning in POSIX. */
function oneOf(patterns: readonly (string | undefined)[]): string | undefined {
  const known = patterns.filter((pattern) => pattern !== undefined);
  const some = known.filter((pattern) => pattern !== '');
  if (some.length === 0) return known[0];
  return `(${some.join('|')})${some.length < known.length ? '?' : ''}`;
}

function signPattern(sign: string): string {
  if (sign === '*') return `${anyBut([])}*`;
  if (sign === '?') return anyBut([]);
  return sign === '.' ? '[.]' : sign;
}

function anyBut(signs: readonly string[]): string {
  const without = (run: string) => {
    const parts = signs.reduce((rests, sign) => rests.flatMap((rest) => rest.split(sign)), [run]);
    return parts.map((part) => (part.length > 2 ? `${part[0]}-${part.at(-1)}` : part)).join('');
  };
  return `[${['ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz', '0123456789', '_', '.', '-'].map(without).join('')}]`;
}
