/** The Pods' network on one node: a bridge with the first address of the node's range, and the rules of its traffic. */
import { access, readdir, writeFile } from 'node:fs/promises'
import { type NodeContext, type PortMapping, RuntimeError, runTool } from '@davit/core/node'
import { gatewayOf, parseRange } from './addresses.js'
import { firewall, removeFirewall } from './firewall.js'
import type { Machine } from './machine.js'
import { short } from './places.js'
import { runScript } from './run.js'

export interface Network {
  readonly bridge: string
  /** Makes what the node's sandboxes share. Idempotent; once made, it costs a look. */
  prepare(): Promise<void>
  /** What makes a sandbox's own end of its link, for `ip -batch`. */
  batch(address: string, link: string): string
  publish(address: string, mappings: readonly PortMapping[]): Promise<void>
  unpublish(address: string, mappings: readonly PortMapping[]): Promise<void>
  /** Removes bridge and rules. Idempotent. */
  remove(): Promise<void>
}

type Place = Pick<NodeContext, 'podCidr' | 'clusterCidr'>

export function createNetwork({ podCidr, clusterCidr }: Place, machine: Machine): Network {
  const range = parseRange(podCidr)
  if (clusterCidr !== undefined) parseRange(clusterCidr)
  const name = short(podCidr)
  const bridge = `davit-p${name}`
  const gateway = gatewayOf(range)
  let prepared: Promise<void> | undefined

  const prepareOnce = async (): Promise<void> => {
    if (!(await isLink(bridge))) {
      const batch = [
        // Of its own, or it would change with the cards that come and go, behind the Pods' backs.
        `link add name ${bridge} address ${hardwareAddress(gateway)} type bridge`,
        `addr add ${gateway}/${range.bits} dev ${bridge}`,
        `link set dev ${bridge} up`,
      ]
      await runTool('ip', ['-batch', '-'], `${batch.join('\n')}\n`)
    }
    await setting('ip_forward', '1')
    // Pods reach each other through the node, where services are translated; they must not be told of shorter ways.
    await setting(`conf/${bridge}/send_redirects`, '0')
    await setting(`conf/${bridge}/route_localnet`, '1')
    if (machine.iptables) await runScript(firewall, 'davit-firewall', [name, podCidr, clusterCidr ?? podCidr, bridge])
  }

  return {
    bridge,
    async prepare() {
      const earlier = prepared
      if (earlier) {
        await earlier
        if (await isLink(bridge)) return
        // Somebody removed it. Of all who see that, one makes it anew.
        if (prepared === earlier) prepared = undefined
      }
      prepared ??= prepareOnce().catch((error: unknown) => {
        prepared = undefined
        throw error
      })
      await prepared
    },
    batch: (address, link) =>
      `${[
        // The address of the card follows from the Pod's: a neighbour that remembers the last owner is right.
        `link add name eth0 address ${hardwareAddress(address)} type veth peer name ${link} netns ${process.pid}`,
        `addr add ${address}/32 dev eth0`,
        'link set dev eth0 up',
        'link set dev lo up',
        `route add ${gateway} dev eth0 scope link`,
        `route add default via ${gateway} dev eth0`,
      ].join('\n')}\n`,
    async publish(address, mappings) {
      if (mappings.length === 0) return
      if (!machine.iptables) throw new RuntimeError('FailedCreatePodSandBox', 'host ports need iptables, which is not here')
      for (const mapping of mappings) await rule('-A', name, address, mapping)
    },
    async unpublish(address, mappings) {
      // Not there: after a restart of the machine.
      for (const mapping of mappings) await rule('-D', name, address, mapping).catch(() => {})
    },
    async remove() {
      prepared = undefined
      // Another node of the machine that has the same range goes on.
      const used = await readdir(`/sys/class/net/${bridge}/brif`).catch(() => [])
      if (used.length > 0) return
      if (machine.iptables) await runScript(removeFirewall, 'davit-firewall', [name, bridge])
      if (await isLink(bridge)) await runTool('ip', ['link', 'del', bridge])
    },
  }
}

function rule(action: '-A' | '-D', name: string, address: string, mapping: PortMapping): Promise<void> {
  const { protocol, hostPort, hostIp, containerPort } = mapping
  const destination = hostIp === '' || hostIp === '0.0.0.0' ? [] : ['-d', hostIp]
  const match = ['-p', protocol.toLowerCase(), ...destination, '--dport', `${hostPort}`]
  const target = ['-j', 'DNAT', '--to-destination', `${address}:${containerPort}`]
  return runTool('iptables', ['-w', '-t', 'nat', action, `DAVIT-PORTS-${name}`, ...match, ...target])
}

export function isLink(name: string): Promise<boolean> {
  return access(`/sys/class/net/${name}`).then(
    () => true,
    () => false,
  )
}

function setting(name: string, value: string): Promise<void> {
  return writeFile(`/proc/sys/net/ipv4/${name}`, value)
}

export function hardwareAddress(address: string): string {
  return ['02', 'da', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':')
}
