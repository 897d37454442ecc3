/**
 * One line of what the other side says, fit for a sentence: without control characters, line ends and characters that
 * turn the reading direction, without a full stop at its end, at most 300 characters.
 */
export function clean(text: string): string {
  return text
    .slice(0, 4_000)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .replace(/\.+$/, '')
    .slice(0, 300);
}
