/** What Ceph says, in one line of at most `limit` characters and without control characters. */
export function printable(text: string, limit: number): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, limit);
}
