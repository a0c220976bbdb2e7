/**
 * What this machine can do, for tests that need more than Node: each capability is probed once, at the first test that
 * asks for it. A probe looks and leaves nothing behind.
 */
import { execFile } from 'node:child_process'
import { access, constants, readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'

/** Why the capability is missing; `undefined` when it is there. */
type Probe = () => Promise<string | undefined>

const dockerSocket = process.env.DOCKER_HOST?.startsWith('unix://')
  ? process.env.DOCKER_HOST.slice('unix://'.length)
  : '/var/run/docker.sock'
/** Looked up when it is asked for: a test may start a private one. */
const containerdSocket = (): string => process.env.CONTAINERD_ADDRESS ?? '/run/containerd/containerd.sock'

const isLinuxOnX64 = process.platform === 'linux' && process.arch === 'x64'
const needsRoot: Probe = async () => (process.getuid?.() === 0 ? undefined : 'not the root user')

const probes = {
  root: needsRoot,
  docker: () => pingDocker(dockerSocket),
  containerd: () => connects(containerdSocket()),
  iptables: async () => (await needsRoot()) ?? (await runs('iptables', ['-w', '5', '-t', 'nat', '-S'])),
  ipset: async () => (await needsRoot()) ?? (await runs('ipset', ['list', '-n'])),
  conntrack: async () => (await needsRoot()) ?? (await runs('conntrack', ['--version'])),
  netns: async () => (await needsRoot()) ?? (await runs('unshare', ['--net', 'true'])),
  cgroup: async () => (await needsRoot()) ?? (await writable('/sys/fs/cgroup')),
  ipvs: async () => (await needsRoot()) ?? (await mentions('/proc/net/ip_vs', 'IP Virtual Server')),
  ip: () => onPath('ip'),
  runc: () => onPath('runc'),
  busybox: () => onPath('busybox'),
  kubectl: () => onPath('kubectl'),
  /** kubectl and Helm as they were released: `scripts/clients.mjs` fetches them. */
  clients: async () => (isLinuxOnX64 ? undefined : 'the packages with kubectl and Helm have them for Linux on x64 alone'),
  etcd: () => onPath('etcd'),
  openssl: () => onPath('openssl'),
  qemu: () => onPath('qemu-system-x86_64'),
  wrk: () => onPath('wrk'),
} satisfies Record<string, Probe>

export type Capability = keyof typeof probes

const known = new Map<Capability, Promise<string | undefined>>()

/** Why `capability` is missing here, or `undefined` when the machine has it. */
export function missing(capability: Capability): Promise<string | undefined> {
  let answer = known.get(capability)
  if (!answer) {
    answer = probes[capability]()
    known.set(capability, answer)
  }
  return answer
}

/** Names in `DAVIT_REQUIRE` that no capability has: a typing error there would turn failures back into skips. */
export function unknownRequirements(): string[] {
  return required().filter((name) => name !== 'all' && !(name in probes))
}

/** True when `DAVIT_REQUIRE` (a comma list, or `all`) says that lacking `capability` is a failure, not a skip. */
export function isRequired(capability: Capability): boolean {
  return required().includes(capability) || required().includes('all')
}

function required(): string[] {
  const names = (process.env.DAVIT_REQUIRE ?? '').split(',').map((name) => name.trim())
  return names.filter((name) => name !== '')
}

function runs(command: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: 5_000 }, (error, _stdout, stderr) => {
      resolve(error ? `"${command} ${args.join(' ')}" fails: ${(stderr || error.message).trim().split('\n')[0]}` : undefined)
    })
  })
}

async function onPath(command: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      await access(join(folder, command), constants.X_OK)
      return undefined
    } catch {
      // Not in this folder of the path.
    }
  }
  return `no "${command}" on the path`
}

async function writable(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.W_OK)
    return undefined
  } catch {
    return `${path} is not writable`
  }
}

async function mentions(path: string, text: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).includes(text) ? undefined : `${path} does not mention ${text}`
  } catch {
    return `${path} does not exist`
  }
}

function connects(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const finish = (answer: string | undefined): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(2_000, () => finish(`nobody answers at ${path}`))
    socket.once('connect', () => finish(undefined))
    socket.once('error', (error) => finish(`nobody answers at ${path}: ${error.message}`))
  })
}

function pingDocker(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const call = request({ socketPath, path: '/_ping', timeout: 2_000, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200 ? undefined : `Docker at ${socketPath} answers ${response.statusCode}`)
    })
    call.once('timeout', () => call.destroy(new Error('no answer within 2 s')))
    call.once('error', (error) => resolve(`no Docker at ${socketPath}: ${error.message}`))
    call.end()
  })
}
