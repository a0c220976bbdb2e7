/** Machines for tests, each a network namespace on one bridge: a server in one, agents in others. */
import { execFile, spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TestContext } from '@davit/core/testing'

const davit = fileURLToPath(new URL('../bin/davit.js', import.meta.url))
const run = promisify(execFile)
const { KUBECONFIG: _kubeconfig, DAVIT_DATA_DIR: _directory, ...env } = process.env

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}
export interface Process {
  readonly output: () => string
  /** Resolves with the first line that matches; rejects when it ends without one. */
  line(pattern: RegExp): Promise<string>
  end(signal: NodeJS.Signals): Promise<void>
}

export class Machine {
  readonly namespace: string
  readonly address: string
  /** The bridge's end of its link. */
  readonly link: string

  constructor(name: string, address: string) {
    this.namespace = `dj-${name}-${process.pid}`
    this.address = address
    this.link = `dj${process.pid % 100_000}${name}`
  }

  /** Not by `ip netns exec`, which hides the control groups of the machine. */
  get #net(): string {
    return `--net=/run/netns/${this.namespace}`
  }

  async run(file: string, ...args: string[]): Promise<Outcome> {
    try {
      const { stdout, stderr } = await run('nsenter', [this.#net, file, ...args], { env, timeout: 20_000 })
      return { code: 0, stdout, stderr }
    } catch (error) {
      const { code, stdout, stderr } = error as Outcome
      return { code, stdout, stderr }
    }
  }

  davit(...args: string[]): Promise<Outcome> {
    return this.run(process.execPath, davit, ...args)
  }

  start(t: TestContext, file: string, ...args: string[]): Process {
    const child = spawn('nsenter', [this.#net, file, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const watchers = new Set<() => void>()
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk
        for (const watcher of watchers) watcher()
      })
    }
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await ended
    }
    t.defer(() => end('SIGKILL'))
    return {
      output: () => output,
      end,
      line: (pattern) =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            const found = output.split('\n').find((line) => pattern.test(line))
            if (found !== undefined) resolve(found)
          }
          watchers.add(look)
          look()
          void ended.then(() => reject(new Error(`${args.join(' ')} ended: ${output}`)))
        }),
    }
  }

  startDavit(t: TestContext, ...args: string[]): Process {
    return this.start(t, process.execPath, davit, ...args)
  }
}

/** The first has the bridge, and reaches the others over it. */
export async function machines(t: TestContext, ...names: string[]): Promise<Machine[]> {
  const made = names.map((name, index) => new Machine(name, `10.88.0.${index + 1}`))
  const [first] = made as [Machine]
  for (const { namespace } of made) {
    await run('ip', ['netns', 'add', namespace])
    t.defer(() => run('ip', ['netns', 'delete', namespace]))
    await run('ip', ['-n', namespace, 'link', 'set', 'lo', 'up'])
  }
  await run('ip', ['-n', first.namespace, 'link', 'add', 'br0', 'type', 'bridge'])
  await run('ip', ['-n', first.namespace, 'address', 'add', `${first.address}/24`, 'dev', 'br0'])
  await run('ip', ['-n', first.namespace, 'link', 'set', 'br0', 'up'])
  for (const { namespace, address, link } of made.slice(1)) {
    await run('ip', ['-n', first.namespace, 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace])
    await run('ip', ['-n', first.namespace, 'link', 'set', link, 'master', 'br0', 'up'])
    await run('ip', ['-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0'])
    await run('ip', ['-n', namespace, 'link', 'set', 'eth0', 'up'])
  }
  return made
}

/** Cuts the link between a machine and the first, or mends it. */
export async function link(first: Machine, machine: Machine, state: 'up' | 'down'): Promise<void> {
  await run('ip', ['-n', first.namespace, 'link', 'set', machine.link, state])
}

export const credentials = (directory: string): string => path.join(directory, 'pki')
