/** Finds again what a former life of Davit left on the node, and clears away what it was in the middle of making. */
import { readFile, rm, stat } from 'node:fs/promises'
import { uptime } from 'node:os'
import { newEntry } from './containers.js'
import { forget } from './endings.js'
import { isSupervisor } from './find-process.js'
import { parseMounts } from './layers.js'
import { startMarks } from './marks.js'
import { containerPlaces, linkOf, type SandboxPlaces, sandboxPlaces } from './places.js'
import { type ContainerRecord, loadRecords, type SandboxRecord } from './records.js'
import { release } from './sandboxes.js'
import type { State } from './state.js'

export async function adopt(state: State): Promise<void> {
  const { places, sandboxes, containers, pool } = state
  const loaded = await loadRecords<SandboxRecord>(places.sandboxes, 'sandbox.json')
  const mounted = await mountedPaths()
  for (const record of loaded.records) {
    const { sandbox } = record
    if (sandbox.state === 'ready') for (const address of sandbox.ips) pool.claim(address)
    const gone = isGone(state, record, mounted)
    sandboxes.set(sandbox.id, gone ? { ...record, sandbox: { ...sandbox, state: 'notReady' } } : record)
    if (gone && sandbox.state === 'ready') await release(state, record)
  }
  for (const id of loaded.broken) await dropSandbox(state, id)
  const { records, broken } = await loadRecords<ContainerRecord>(places.containers, 'container.json')
  await Promise.all(records.map((record) => adoptContainer(state, record)))
  for (const id of broken) {
    await state.groups?.remove(id)
    await rm(containerPlaces(places, id).directory, { recursive: true, force: true })
  }
  // Sandboxes go last: a container without one is left of a removal that was cut short.
  for (const entry of containers.values()) if (!sandboxes.has(entry.record.sandboxId)) await forget(state, entry)
}

/** Its making was cut short: what it may hold is known by its name alone. */
async function dropSandbox(state: State, id: string): Promise<void> {
  const { directory } = sandboxPlaces(state.places, id)
  const pod = { namespace: '', name: '', uid: '' }
  const sandbox = { id, pod, attempt: 0, state: 'ready', createdAt: 0, ips: [], labels: {}, annotations: {} } as const
  const shares = { hostNetwork: false, hostPid: false, hostIpc: false, shareProcessNamespace: false }
  const link = linkOf(state.places, id)
  await release(state, { sandbox, hostname: '', ...shares, link, portMappings: [], resolvConf: false })
  await rm(directory, { recursive: true, force: true })
}

async function adoptContainer(state: State, record: ContainerRecord): Promise<void> {
  const entry = newEntry(record)
  const places = containerPlaces(state.places, record.id)
  state.containers.set(record.id, entry)
  entry.failure = await readFile(places.failure, 'utf8').catch(() => undefined)
  const text = await readFile(places.pid, 'utf8').catch(() => '')
  if (text === '') return
  entry.own = false
  entry.supervisorPid = Number(text)
  entry.startedAt = Math.floor((await stat(places.pid)).mtimeMs)
  if (await isSupervisor(state, entry)) entry.stopMarks = startMarks(places, state.clock)
}

async function mountedPaths(): Promise<ReadonlySet<string>> {
  return new Set(parseMounts(await readFile('/proc/self/mountinfo', 'utf8')).map(({ path }) => path))
}

/** A restart of the machine takes all namespaces along, and leaves the files. */
function isGone({ clock, machine, places }: State, record: SandboxRecord, mounted: ReadonlySet<string>): boolean {
  const { sandbox, hostNetwork, hostIpc } = record
  if (sandbox.createdAt < clock.now() - uptime() * 1000) return true
  if (!machine.namespaces) return false
  const { net, ipc }: SandboxPlaces['namespaces'] = sandboxPlaces(places, sandbox.id).namespaces
  return (!hostNetwork && !mounted.has(net)) || (!hostIpc && !mounted.has(ipc))
}
