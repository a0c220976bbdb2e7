import { execFile } from 'node:child_process'

/** Runs a program to its end; rejects with what it said. */
export function command(program: string, args: readonly string[], input?: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, [...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${args[0] ?? ''}: ${(stderr || error.message).trim()}`, { cause: error }))
      else resolve(stdout)
    })
    // A program that ends before it has read all says why by its exit.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}
