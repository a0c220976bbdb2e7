/**
 * A Pod's link to the bridge. Its host's end is named by the Pod's address and has the sandbox's id as its alias, and it
 * ends with the Pod's network namespace: the kernel keeps the book of addresses, and nothing of it can go stale. The host's
 * end goes up last: a link that is up is whole, whenever we were killed.
 */
import { access, readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { runTool } from '@davit/core/node'
import { addressOfLink, linkOf, parseTag } from './names.js'

const links = '/sys/class/net'
/** Of if.h. */
const [up, broadcast, multicast] = [0x1, 0x2, 0x1000]

/**
 * $1 link, $2 bridge, $3 hardware address, $4 namespace, $5 size of packets or nothing; on its input what makes the Pod's
 * end. Pods reach each other through the node, where services are translated: they must not listen to shorter ways.
 */
const connect = `
ip link add name "$1" master "$2" \${5:+mtu "$5"} type veth peer name eth0 address "$3" \${5:+mtu "$5"} netns "$4" || exit
exec nsenter --net="$4" /bin/sh -c '
for name in all default eth0; do echo 0 > /proc/sys/net/ipv4/conf/$name/accept_redirects || exit; done
exec ip -batch -'
`
export interface Ends {
  readonly address: string
  readonly gateway: string
  readonly bridge: string
  readonly namespace: string
  readonly hardwareAddress: string
  readonly mtu: number | undefined
}

/** Rejects with "File exists" where the address is another's, or the namespace has a card already. */
export async function connectPod(ends: Ends, tag: string): Promise<void> {
  const { address, bridge, namespace, hardwareAddress, mtu } = ends
  const words = [linkOf(address), bridge, hardwareAddress, namespace, mtu === undefined ? '' : `${mtu}`]
  await runTool('/bin/sh', ['-c', connect, 'davit-connect', ...words], insideOf(ends))
  await raise(address, tag)
}

/** For one that was cut short before it was whole, or that has lost its bridge. */
export async function repairPod(ends: Ends, tag: string): Promise<void> {
  const { address, bridge, namespace } = ends
  await runTool('ip', ['link', 'set', 'dev', linkOf(address), 'master', bridge])
  await runTool('nsenter', [`--net=${namespace}`, 'ip', '-batch', '-'], insideOf(ends))
  await raise(address, tag)
}

/** Onto a bridge that was made anew; a link that has gone meanwhile stops nothing. */
export async function rejoin(addresses: readonly string[], bridge: string): Promise<void> {
  if (addresses.length === 0) return
  const lines = addresses.flatMap((address) => {
    const link = `link set dev ${linkOf(address)}`
    return [`${link} master ${bridge}\n`, `${link} type bridge_slave hairpin on\n`]
  })
  await runTool('ip', ['-force', '-batch', '-'], lines.join('')).catch(() => undefined)
}

function insideOf({ address, gateway }: Ends): string {
  const lines = [
    `addr replace ${address}/32 dev eth0`,
    'link set dev eth0 up',
    'link set dev lo up',
    `route replace ${gateway} dev eth0 scope link`,
    `route replace default via ${gateway} dev eth0`,
  ]
  return `${lines.join('\n')}\n`
}

async function raise(address: string, tag: string): Promise<void> {
  const files = `${links}/${linkOf(address)}`
  await writeFile(`${files}/ifalias`, tag)
  // Where the machine translates addresses on bridges already, a Pod's way to itself leads back through its own port.
  await writeFile(`${files}/brport/hairpin_mode`, '1')
  await writeFile(`${files}/flags`, `${multicast | broadcast | up}`)
}

/** A sandbox whose link was cut short has an end of it in its namespace, which is in the way of another. */
export function clearPod(namespace: string): Promise<void> {
  return runTool('nsenter', [`--net=${namespace}`, 'ip', 'link', 'delete', 'eth0'])
}

/** Idempotent: a link goes with its Pod, at any time. */
export async function disconnectPod(address: string): Promise<void> {
  const link = linkOf(address)
  if (!(await isLink(link))) return
  await runTool('ip', ['link', 'delete', link]).catch(async (error: unknown) => {
    if (await isLink(link)) throw error
  })
}

/** Whether nothing is missing between the Pod and the bridge. */
export async function isWhole(address: string, bridge: string): Promise<boolean> {
  const files = `${links}/${linkOf(address)}`
  const master = await readlink(`${files}/master`).catch(() => '')
  return basename(master) === bridge && (Number(await readFile(`${files}/flags`, 'utf8').catch(() => 0)) & up) !== 0
}

export interface Found {
  readonly owner: string
  readonly id: string
  readonly address: string
}

/** All links of Pods of this machine that are somebody's. */
export async function findLinks(): Promise<readonly Found[]> {
  const found = (await readdir(links)).map(async (link): Promise<Found | undefined> => {
    const address = addressOfLink(link)
    if (address === undefined) return undefined
    const tag = parseTag((await readFile(`${links}/${link}/ifalias`, 'utf8').catch(() => '')).trim())
    return tag && { ...tag, address }
  })
  return (await Promise.all(found)).filter((item) => item !== undefined)
}

export function isLink(name: string): Promise<boolean> {
  return access(`${links}/${name}`).then(
    () => true,
    () => false,
  )
}

/** How many links a bridge has, whoever's. */
export async function linksOf(bridge: string): Promise<number> {
  return (await readdir(`${links}/${bridge}/brif`).catch(() => [])).length
}
