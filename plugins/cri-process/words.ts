/** One word on a line that begins with "=", its further lines with "+": what a shell can read without a subshell. */
export function encodeWords(words: readonly string[]): string {
  return words.map((word) => `=${word.replaceAll('\n', '\n+')}\n`).join('')
}
