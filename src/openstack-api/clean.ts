/** One line of what the other side says, of at most `limit` characters, without control characters. */
export function clean(text: string, limit: number): string {
  return text
    .slice(0, 4 * limit)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, limit);
}
