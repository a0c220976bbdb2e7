/** One call, one answer, each a line of JSON: how the kit talks to its processes in other network namespaces. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sourceArgs } from '../../testing/source-args.js'

type Answer = { readonly id: number; readonly result?: unknown; readonly error?: string }

/** In the child: answers each line of the input until the input ends. */
export function answerLines(handlers: Readonly<Record<string, (argument: never) => unknown>>): void {
  const input = createInterface({ input: process.stdin })
  input.on('line', async (line) => {
    const { id, method, argument } = JSON.parse(line) as { id: number; method: string; argument: never }
    let answer: Answer
    try {
      answer = { id, result: await handlers[method]?.(argument) }
    } catch (error) {
      answer = { id, error: error instanceof Error ? error.message : String(error) }
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  })
  input.on('close', () => process.exit(0))
}

/** In the test: a process of ours in a network namespace. */
export class Remote {
  readonly #child: ChildProcess
  readonly #calls = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  #next = 1
  #errors = ''

  constructor(namespace: string, script: URL, args: readonly string[] = []) {
    const command = ['netns', 'exec', namespace, process.execPath, ...sourceArgs, fileURLToPath(script), ...args]
    this.#child = spawn('ip', command, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString()
    })
    this.#child.on('close', () => this.#fail(new Error(`the process in ${namespace} ended: ${this.#errors.trim().slice(-2000)}`)))
    this.#child.on('error', (error) => this.#fail(error))
    this.#child.stdin?.on('error', () => undefined)
    if (this.#child.stdout) createInterface({ input: this.#child.stdout }).on('line', (line) => this.#answered(line))
  }

  call<T>(method: string, argument?: unknown): Promise<T> {
    const id = this.#next++
    return new Promise<T>((resolve, reject) => {
      this.#calls.set(id, { resolve: (result) => resolve(result as T), reject })
      this.#child.stdin?.write(`${JSON.stringify({ id, method, argument })}\n`)
    })
  }

  /** The child ends with its input. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise<void>((resolve) => this.#child.once('close', () => resolve()))
    this.#child.stdin?.end()
    await ended
  }

  #answered(line: string): void {
    const { id, result, error } = JSON.parse(line) as Answer
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    if (error === undefined) call?.resolve(result)
    else call?.reject(new Error(error))
  }

  #fail(error: Error): void {
    for (const { reject } of this.#calls.values()) reject(error)
    this.#calls.clear()
  }
}
