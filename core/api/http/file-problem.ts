/** What is wrong with a file, in the words of the system and without its path: "ENOENT: no such file or directory". */
export function fileProblem(error: unknown): string {
  return (error as Error).message.replace(/, \w+( '.*)?$/, '')
}
