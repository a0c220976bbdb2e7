/** Machines for tests, each a network namespace on one bridge: a server in one, agents in others. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TestContext } from '@davit/core/testing'

const davit = fileURLToPath(new URL('../bin/davit.js', import.meta.url))
const run = promisify(execFile)
const { KUBECONFIG: _kubeconfig, DAVIT_DATA_DIR: _directory, ...env } = process.env

/** The links under /sys are those of the machine; its control groups are everybody's. */
const setUp = `mount --rbind /sys/fs/cgroup "$1" && mount -t sysfs none /sys && mount --rbind "$1" /sys/fs/cgroup
echo ready; exec sleep 3600`

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
  readonly address: string
  /** The bridge's end of its link. */
  readonly link: string
  readonly #holder: number

  private constructor(name: string, address: string, holder: number) {
    this.address = address
    this.link = `dj${holder}${name}`
    this.#holder = holder
  }

  /** `place`: an empty directory. */
  static async start(t: TestContext, name: string, address: string, place: string): Promise<Machine> {
    const holder = spawn('unshare', ['--net', '--mount', 'sh', '-c', setUp, 'sh', place], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise((resolve) => holder.once('close', resolve))
    t.defer(async () => {
      holder.kill('SIGKILL')
      await ended
    })
    await once(holder.stdout, 'data')
    return new Machine(name, address, holder.pid ?? 0)
  }

  get pid(): number {
    return this.#holder
  }
  get #inside(): readonly string[] {
    return ['--target', String(this.#holder), '--net', '--mount']
  }

  async run(file: string, ...args: string[]): Promise<Outcome> {
    try {
      const { stdout, stderr } = await run('nsenter', [...this.#inside, file, ...args], { env, timeout: 30_000 })
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
    const child = spawn('nsenter', [...this.#inside, file, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
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
  const place = await t.directory()
  const made = await Promise.all(names.map((name, index) => Machine.start(t, name, `10.88.0.${index + 1}`, place)))
  const [first, ...others] = made as [Machine, ...Machine[]]
  for (const machine of made) await ip(machine, 'link set lo up')
  await ip(first, 'link add br0 type bridge')
  await ip(first, `address add ${first.address}/24 dev br0`)
  await ip(first, 'link set br0 up')
  for (const machine of others) {
    await ip(first, `link add ${machine.link} type veth peer name eth0 netns ${machine.pid}`)
    await ip(first, `link set ${machine.link} master br0 up`)
    await ip(machine, `address add ${machine.address}/24 dev eth0`)
    await ip(machine, 'link set eth0 up')
  }
  return made
}

async function ip(machine: Machine, words: string): Promise<void> {
  const { code, stderr } = await machine.run('ip', ...words.split(' '))
  if (code !== 0) throw new Error(`ip ${words}: ${stderr}`)
}

/** Cuts the link between a machine and the first, or mends it. */
export function link(first: Machine, machine: Machine, state: 'up' | 'down'): Promise<void> {
  return ip(first, `link set ${machine.link} ${state}`)
}

export const credentials = (directory: string): string => path.join(directory, 'pki')
