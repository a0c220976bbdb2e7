/**
 * A Pod's link to the bridge of Docker's network, made by us. Docker starts its own program again for each that
 * it connects itself, which was most of a Pod's start.
 *
 * The name of the host's end is the Pod's address: the kernel refuses a second one, whoever asks, and forgets it with the
 * Pod's network namespace. So nobody needs to keep a book of addresses.
 */
import { access, constants, readFile, readlink, writeFile } from 'node:fs/promises'
import { basename, delimiter, join } from 'node:path'
import { runTool, toolEnvironment } from '@davit/core/node'
import { gatewayOf, type Range } from './addresses.js'

/** Of if.h. */
const [up, broadcast, multicast] = [0x1, 0x2, 0x1000]

export interface Bridge {
  readonly name: string
  readonly range: Range
}
/** A container and its process. */
export interface Holder {
  readonly id: string
  readonly pid: number
}

/** Whether this process may connect Pods to the bridge: it has the rights and the programs, and sees the bridge. */
export async function canLink(bridge: string): Promise<boolean> {
  if (process.getuid?.() !== 0 || !(await isLink(bridge))) return false
  return (await isProgram('ip')) && (await isProgram('nsenter'))
}

export function isLink(name: string): Promise<boolean> {
  return accessible(`/sys/class/net/${name}`)
}

/** At most 15 characters. */
export function linkOf(address: string): string {
  return `davit-d${bytesOf(address).join('')}`
}

/**
 * Connects a sandbox that runs. The host's end goes up last: a link that is up is whole, whenever we were killed. Rejects
 * where the address is another's; what was made ends with the sandbox.
 */
export async function connectPod(holder: Holder, address: string, bridge: Bridge): Promise<void> {
  await requireOwn(holder)
  const peer = `type veth peer name eth0 address 02:da:${bytesOf(address).join(':')} netns ${holder.pid}`
  await runTool('ip', `link add name ${linkOf(address)} master ${bridge.name} ${peer}`.split(' '))
  await finish(holder, address, bridge)
}

/** Whether nothing is missing between the Pod and the bridge. */
export async function isConnected(address: string, { name }: Bridge): Promise<boolean> {
  const files = `/sys/class/net/${linkOf(address)}`
  const master = await readlink(`${files}/master`).catch(() => '')
  return basename(master) === name && (await isUp(files))
}

/** Makes what is missing: we were killed before all was made, or somebody removed Docker's network. */
export async function reconnectPod(holder: Holder, address: string, bridge: Bridge): Promise<void> {
  if (!(await isLink(linkOf(address)))) return connectPod(holder, address, bridge)
  await requireOwn(holder)
  await runTool('ip', ['link', 'set', 'dev', linkOf(address), 'master', bridge.name])
  await finish(holder, address, bridge)
}

async function finish({ pid }: Holder, address: string, { range }: Bridge): Promise<void> {
  const inside = [
    `addr replace ${address}/${32 - Math.log2(range.size)} dev eth0`,
    'link set dev eth0 up',
    `route replace default via ${gatewayOf(range)} dev eth0`,
  ]
  await runTool('nsenter', [`--net=/proc/${pid}/ns/net`, 'ip', '-batch', '-'], `${inside.join('\n')}\n`)
  const files = `/sys/class/net/${linkOf(address)}`
  // A Pod may reach itself through a service.
  await writeFile(`${files}/brport/hairpin_mode`, '1')
  await writeFile(`${files}/flags`, `${multicast | broadcast | up}`)
}

/** Where Docker's processes have other numbers here, this one would be somebody else's. */
async function requireOwn({ id, pid }: Holder): Promise<void> {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8')
  if (!groups.includes(id)) throw new Error(`process ${pid} is not that of the sandbox ${id}: set \`network: docker\` here`)
}

async function isUp(files: string): Promise<boolean> {
  // A link goes with its Pod, at any time.
  return (Number(await readFile(`${files}/flags`, 'utf8').catch(() => 0)) & up) !== 0
}

function bytesOf(address: string): string[] {
  return address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
}

async function isProgram(name: string): Promise<boolean> {
  for (const folder of toolEnvironment.PATH.split(delimiter))
    if (await accessible(join(folder, name), constants.X_OK)) return true
  return false
}

function accessible(path: string, mode?: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  )
}
