/** The bridge of a node's range: the node has the first address of the range on it, and passes on what Pods send. */
import { writeFile } from 'node:fs/promises'
import { runTool } from '@davit/core/node'
import { gatewayOf, hardwareAddress, type Range } from './addresses.js'
import { isLink } from './links.js'

/** Idempotent; two processes may make it at once. */
export async function makeBridge(bridge: string, range: Range, mtu: number | undefined): Promise<void> {
  const gateway = gatewayOf(range)
  if (!(await isLink(bridge))) {
    const size = mtu === undefined ? '' : ` mtu ${mtu}`
    // An address of its own, or it would change with the links that come and go, behind the Pods' backs.
    const batch = `link add name ${bridge}${size} address ${hardwareAddress(gateway)} type bridge\n`
    await runTool('ip', ['-batch', '-'], batch).catch(async (error: unknown) => {
      if (!(await isLink(bridge))) throw error
    })
  }
  await runTool('ip', ['-batch', '-'], `addr replace ${gateway}/${range.bits} dev ${bridge}\nlink set dev ${bridge} up\n`)
  await setting('ip_forward', '1')
  await setting(`conf/${bridge}/send_redirects`, '0')
  // What comes to a host port by the loopback address.
  await setting(`conf/${bridge}/route_localnet`, '1')
}

function setting(name: string, value: string): Promise<void> {
  return writeFile(`/proc/sys/net/ipv4/${name}`, value)
}
