import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { type Runtime, RuntimeError, runTool, type Sandbox, type SandboxConfig } from '@davit/core/node'
import { end, forget } from './endings.js'
import { shell } from './machine.js'
import { pausePidOf, startPause } from './pause.js'
import { linkOf, type SandboxPlaces, sandboxPlaces } from './places.js'
import { killAll, treeOf } from './processes.js'
import { type SandboxRecord, writeRecord } from './records.js'
import { runScript } from './run.js'
import { makeSandbox, unmakeSandbox } from './scripts.js'
import { type ContainerEntry, emit, newId, type State } from './state.js'

type Verbs = Pick<Runtime, 'runSandbox' | 'stopSandbox' | 'removeSandbox' | 'listSandboxes'>

export function createSandboxes(state: State): Verbs {
  const { sandboxes, containers, places } = state
  const of = (id: string): ContainerEntry[] => [...containers.values()].filter((entry) => entry.record.sandboxId === id)
  const stop = async (record: SandboxRecord): Promise<SandboxRecord> => {
    await Promise.all(of(record.sandbox.id).map((entry) => end(state, entry)))
    if (record.sandbox.state === 'notReady') return record
    await release(state, record)
    const stopped: SandboxRecord = { ...record, sandbox: { ...record.sandbox, state: 'notReady' } }
    await writeRecord(sandboxPlaces(places, record.sandbox.id).record, stopped)
    sandboxes.set(record.sandbox.id, stopped)
    emit(state, record.sandbox.pod.uid, 'sandboxChanged')
    return stopped
  }
  return {
    runSandbox: (config) => runSandbox(state, config),
    async stopSandbox(id) {
      const record = sandboxes.get(id)
      if (record) await stop(record)
    },
    async removeSandbox(id) {
      const record = sandboxes.get(id)
      if (!record) return
      await stop(record)
      await Promise.all(of(id).map((entry) => forget(state, entry)))
      await rm(sandboxPlaces(places, id).directory, { recursive: true, force: true })
      sandboxes.delete(id)
      emit(state, record.sandbox.pod.uid, 'sandboxChanged')
    },
    listSandboxes: async () => [...sandboxes.values()].map(({ sandbox }) => sandbox),
  }
}

async function runSandbox(state: State, config: SandboxConfig): Promise<Sandbox> {
  const { machine, network, places, random } = state
  refuse(config, state)
  const id = await newId(random, (name) => mkdir(sandboxPlaces(places, name).directory, { mode: 0o700 }))
  const own = sandboxPlaces(places, id)
  const address = config.hostNetwork ? undefined : await takeAddress(state, own.directory)
  const link = network && address ? linkOf(places, id) : undefined
  const record = recordOf(state, config, { id, address, link })
  try {
    await Promise.all([
      record.resolvConf ? writeFile(own.resolvConf, resolvConfText(reachable(config)), { mode: 0o644 }) : undefined,
      machine.namespaces && !config.hostIpc ? makeSharedMemory(own) : undefined,
      network && link ? network.prepare() : undefined,
    ])
    if (machine.namespaces) await makeNamespaces(state, config, own, address, link)
    if (network && address) await network.publish(address, config.portMappings)
    if (machine.namespaces && record.shareProcessNamespace) await startPause(own)
    await writeRecord(own.record, record)
    state.sandboxes.set(id, record)
    return record.sandbox
  } catch (error) {
    await release(state, record)
    await rm(own.directory, { recursive: true, force: true })
    throw error
  }
}

async function takeAddress({ claims }: State, directory: string): Promise<string> {
  try {
    return await claims.take(directory)
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

function refuse({ hostNetwork, portMappings, sysctls, runtimeHandler }: SandboxConfig, { machine }: State): void {
  if (runtimeHandler !== undefined) {
    throw new RuntimeError(
      'FailedCreatePodSandBox',
      `no runtime for "${runtimeHandler}" is configured: processes have no handlers`,
    )
  }
  if (machine.namespaces || hostNetwork) return
  const refusal = (reason: string): RuntimeError =>
    new RuntimeError('FailedCreatePodSandBox', `${reason}: Davit runs without the privileges for it`)
  const other = portMappings.find(({ containerPort, hostPort }) => containerPort !== hostPort)
  if (other) throw refusal(`host port ${other.hostPort} cannot lead to container port ${other.containerPort}`)
  if (Object.keys(sysctls).length > 0) throw refusal('sysctls cannot be set')
}

interface Given {
  readonly id: string
  readonly address: string | undefined
  readonly link: string | undefined
}

function recordOf({ clock, machine }: State, config: SandboxConfig, { id, address, link }: Given): SandboxRecord {
  const { pod, attempt, labels, annotations, hostname, hostNetwork, hostPid, hostIpc, portMappings } = config
  const createdAt = clock.now()
  const ips = address === undefined ? [] : [address]
  return {
    sandbox: { id, pod, attempt, state: 'ready', createdAt, ips, labels, annotations },
    hostname,
    hostNetwork,
    hostPid,
    hostIpc,
    shareProcessNamespace: (config.shareProcessNamespace ?? false) && !hostPid,
    ...(link === undefined ? {} : { link }),
    portMappings,
    resolvConf: machine.namespaces && reachable(config).servers.length > 0,
  }
}

/** What listens on the machine's loopback address cannot be reached from a network of the Pod's own. */
function reachable({ dns, hostNetwork }: SandboxConfig): SandboxConfig['dns'] {
  return { ...dns, servers: dns.servers.filter((server) => hostNetwork || !/^(127\.|::1$)/.test(server)) }
}

export function resolvConfText({ servers, searches, options }: SandboxConfig['dns']): string {
  return [
    ...servers.map((server) => `nameserver ${server}\n`),
    ...(searches.length > 0 ? [`search ${searches.join(' ')}\n`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}\n`] : []),
  ].join('')
}

async function makeSharedMemory({ sharedMemory }: SandboxPlaces): Promise<void> {
  await mkdir(sharedMemory, { recursive: true })
  await chmod(sharedMemory, 0o1777)
}

/** One command makes the namespaces, keeps them by files that they are mounted on, and sets them up from inside. */
async function makeNamespaces(
  { network }: State,
  { hostNetwork, hostIpc, hostname, sysctls }: SandboxConfig,
  { namespaces }: SandboxPlaces,
  address: string | undefined,
  link: string | undefined,
): Promise<void> {
  const kept = [...(hostNetwork ? [] : (['net', 'uts'] as const)), ...(hostIpc ? [] : (['ipc'] as const))]
  if (kept.length === 0) return
  await Promise.all(kept.map((name) => writeFile(namespaces[name], '')))
  const batch = network && address && link ? network.batch(address, link) : ''
  const inside = [hostNetwork ? '' : hostname, link ?? '', network?.bridge ?? '', `${process.pid}`]
  const files = kept.map((name) => `--${name}=${namespaces[name]}`)
  try {
    await runTool('unshare', [...files, '--', shell, '-c', makeSandbox, 'davit-sandbox', ...inside], batch)
    for (const [name, value] of Object.entries(sysctls)) await setSysctl(files, name, value)
  } catch (error) {
    throw new RuntimeError('FailedCreatePodSandBox', error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function setSysctl(files: readonly string[], name: string, value: string): Promise<void> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(name) || name.includes('..')) throw new Error(`${name} is not the name of a sysctl`)
  const script = 'printf %s "$2" > "/proc/sys/$1"'
  return runTool('nsenter', [...files, '--', shell, '-c', script, 'davit-sysctl', name.replaceAll('.', '/'), value])
}

/** Lets go of all that a sandbox holds of the machine; each part may be gone. */
export async function release(state: State, record: SandboxRecord): Promise<void> {
  const { sandbox, link, portMappings } = record
  const own = sandboxPlaces(state.places, sandbox.id)
  const [address] = sandbox.ips
  const pausePid = await pausePidOf(own)
  if (pausePid !== undefined) killAll(await treeOf(pausePid))
  if (state.machine.namespaces) {
    if (address) await state.network?.unpublish(address, portMappings)
    const kept = [
      ...(record.hostNetwork ? [] : [own.namespaces.net, own.namespaces.uts]),
      ...(record.hostIpc ? [] : [own.namespaces.ipc]),
    ]
    if (kept.length > 0) await runScript(unmakeSandbox, 'davit-sandbox', [link ?? '', ...kept])
    await rm(own.sharedMemory, { recursive: true, force: true })
  }
  if (address) await state.claims.release(address, own.directory)
}
