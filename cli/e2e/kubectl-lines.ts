/** Tables of what is typed and what kubectl says to it. */
import type { Kubectl } from './kubectl.js'

/** What is typed; what it prints, on either stream; the code that it ends with where that is not 0. */
export type Line = readonly [command: string, printed: string | RegExp, code?: number]

/** What a version of kubectl says otherwise, by what is typed: it says so to Kubernetes 1.33, too. */
export type Differences = Readonly<Record<string, readonly [printed: string | RegExp, code?: number]>>

export function withDifferences(lines: readonly Line[], differences: Differences): Line[] {
  return lines.map((line): Line => {
    const other = differences[line[0]]
    return other ? [line[0], ...other] : line
  })
}

/** Answers with what went otherwise. `words` stand in commands, and in what is printed, for what they are here. */
export async function wrongLines(
  kubectl: Kubectl,
  lines: readonly Line[],
  words: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const wrong: string[] = []
  for (const [command, printed, code = 0] of lines) {
    const outcome = await kubectl.run(
      command.split(' ').map((word) => said(word, words)),
      { env },
    )
    let output = outcome.stdout + outcome.stderr
    for (const [word, meaning] of words) output = output.replaceAll(meaning, word)
    const fits = typeof printed === 'string' ? output.includes(printed) : printed.test(output)
    if (outcome.code !== code || !fits) wrong.push(`${command}: exit ${outcome.code}: ${output.slice(0, 500)}`)
  }
  return wrong
}

/** A whole word, or the name of an object. */
function said(word: string, words: ReadonlyMap<string, string>): string {
  const slash = word.indexOf('/') + 1
  const meaning = words.get(word.slice(slash))
  return meaning === undefined ? word : word.slice(0, slash) + meaning
}
