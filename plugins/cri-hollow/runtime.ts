import type { Container, ContainerConfig, NodeContext, Runtime, RuntimeEvent, Sandbox, SandboxConfig } from '@davit/core/node'
import { RuntimeError } from '@davit/core/node'
import { createAddressPool } from './addresses.js'
import { behaviourOf } from './behaviour.js'
import type { HollowServices } from './hollow.js'
import { readLog } from './log.js'
import { createProcess, type HollowProcess, imageId } from './process.js'
import { connection, runCommand } from './talk.js'

export type HollowRuntime = Runtime

/** Everything of one simulated node. */
export function createHollowRuntime({ clock, random, config }: HollowServices, node: NodeContext): HollowRuntime {
  const addresses = createAddressPool(node.podCidr)
  const sandboxes = new Map<string, Sandbox>()
  const processes = new Map<string, HollowProcess>()
  const images = new Set<string>()
  const listeners = new Set<(event: RuntimeEvent) => void>()
  let made = 0

  const announce = (podUid: string, type: RuntimeEvent['type']): void => {
    for (const listener of listeners) listener({ podUid, type })
  }
  const newId = (kind: string): string => {
    made += 1
    return `${kind}-${node.nodeName}-${made}-${random.string(8)}`
  }
  const running = (id: string): HollowProcess => {
    const found = processes.get(id)
    if (found?.container().state !== 'running') throw new Error(`container ${id} is not running`)
    return found
  }
  const inSandbox = (id: string): HollowProcess[] => [...processes.values()].filter((item) => item.sandbox.id === id)
  const endSandbox = (id: string): void => {
    const sandbox = sandboxes.get(id)
    if (!sandbox || sandbox.state === 'notReady') return
    for (const item of inSandbox(id)) item.kill()
    for (const address of sandbox.ips) addresses.give(address)
    sandboxes.set(id, { ...sandbox, state: 'notReady' })
    announce(sandbox.pod.uid, 'sandboxChanged')
  }
  const forget = (id: string): void => {
    const found = processes.get(id)
    if (!found) return
    found.kill()
    processes.delete(id)
    announce(found.sandbox.pod.uid, 'containerRemoved')
  }

  return {
    version: async () => ({ name: 'hollow', version: '0.1.0' }),

    async runSandbox(wanted: SandboxConfig) {
      const address = wanted.hostNetwork ? undefined : addresses.take()
      if (!wanted.hostNetwork && address === undefined) {
        throw new RuntimeError('FailedCreatePodSandBox', `no address of ${node.podCidr} is free`)
      }
      const { pod, attempt, labels, annotations } = wanted
      const ips = address === undefined ? [] : [address]
      const sandbox: Sandbox = {
        id: newId('sandbox'),
        pod,
        attempt,
        state: 'ready',
        createdAt: clock.now(),
        ips,
        labels,
        annotations,
      }
      sandboxes.set(sandbox.id, sandbox)
      return sandbox
    },
    stopSandbox: async (id) => endSandbox(id),
    async removeSandbox(id) {
      endSandbox(id)
      for (const item of inSandbox(id)) forget(item.container().id)
      sandboxes.delete(id)
    },
    listSandboxes: async () => [...sandboxes.values()],

    async createContainer(sandbox: Sandbox, wanted: ContainerConfig) {
      if (sandboxes.get(sandbox.id)?.state !== 'ready') throw new Error(`sandbox ${sandbox.id} is not ready`)
      const { createError } = behaviourOf(wanted.name, wanted.annotations, sandbox.annotations)
      if (createError !== undefined) throw new RuntimeError('CreateContainerError', createError)
      const id = newId('container')
      processes.set(
        id,
        createProcess(clock, id, sandbox, wanted, (type) => announce(sandbox.pod.uid, type)),
      )
      return id
    },
    async startContainer(id) {
      const found = processes.get(id)
      if (!found) throw new Error(`there is no container ${id}`)
      const { startMs = config.startMs, startError } = found.behaviour
      const spread = 1 + config.jitter * (2 * random.next() - 1)
      if (startMs > 0) await clock.sleep(startMs * spread)
      if (startError !== undefined) throw new RuntimeError('RunContainerError', startError)
      if (processes.get(id) === found && found.container().state === 'created') found.start()
    },
    stopContainer: async (id, graceSeconds) => processes.get(id)?.stop(graceSeconds * 1000),
    removeContainer: async (id) => forget(id),
    updateContainer: async (id) => void running(id),
    listContainers: async () => [...processes.values()].map((item) => item.container()),
    container: async (id): Promise<Container | undefined> => processes.get(id)?.container(),

    image: async (name) => (images.has(name) ? { id: imageId(name), size: 0, user: '' } : undefined),
    async pullImage(name, signal) {
      if (!/^[a-z0-9]+([._\-/:@][a-z0-9_.-]+)*$/i.test(name) || /[A-Z]/.test(name.split(/[:@]/)[0] ?? '')) {
        throw new RuntimeError('InvalidImageName', `"${name}" is not the name of an image`)
      }
      if (config.pullMs > 0) await clock.sleep(config.pullMs, signal)
      // RFC 2606 keeps .invalid free of hosts: a registry there is one that does not answer.
      if (/^[^/]+\.invalid(:\d+)?\//.test(name)) throw new RuntimeError('ErrImagePull', `${name}: no such host`)
      images.add(name)
      return imageId(name)
    },

    async *logs(id, options) {
      const found = processes.get(id)
      if (found) yield* readLog(found, options)
    },
    async execSync(id, command) {
      const { exitCode, output } = runCommand(running(id), command)
      return { exitCode, stdout: Buffer.from(output), stderr: new Uint8Array(), timedOut: false }
    },
    async exec(id, request) {
      const { exitCode, output } = runCommand(running(id), request.command)
      await request.stdout?.(Buffer.from(output))
      return { exitCode }
    },
    async attach(id, request) {
      const lines = readLog(running(id), { follow: true, timestamps: false, signal: request.signal })
      for await (const line of lines) await request.stdout?.(line)
    },
    async dial(sandboxId) {
      const alive = inSandbox(sandboxId).filter((item) => item.container().state === 'running')
      if (alive.length === 0 || alive.some((item) => !item.healthy())) throw new Error('connection refused')
      return connection()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async usage(id) {
      const found = processes.get(id)
      if (found?.container().state !== 'running') return undefined
      const { cpuMillis, memoryBytes } = found.behaviour
      return { cpuNanoseconds: (clock.now() - found.container().startedAt) * cpuMillis * 1000, memoryBytes }
    },
    close: async () => listeners.clear(),
  }
}
