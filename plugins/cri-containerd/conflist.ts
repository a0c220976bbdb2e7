/** What we tell the runtime of CNI. Pure. */

/** The first by name is the one that the runtime uses. */
export const conflistFile = '10-davit.conflist'
/** Of the only plugin that our configuration names, and that the runtime itself starts for each Pod besides. */
export const neededPlugin = 'loopback'
const prefix = 'davit-pods-'

/**
 * For Pods that Davit connects once the runtime has made them: the runtime may not do it, and refuses a Pod of whose card
 * eth0 it hears no address. The loopback plugin passes on what it was told that a plugin before it did. `mark` is in its
 * name, so that the runtime's word that it has read one can be told from its word of one before.
 */
export function ownConflist(mark: string): string {
  const cniVersion = '0.4.0'
  const prevResult = {
    cniVersion,
    interfaces: [{ name: 'eth0', sandbox: 'pod' }],
    ips: [{ version: '4', interface: 0, address: `${placeholder}/8` }],
  }
  return `${JSON.stringify({ cniVersion, name: `${prefix}${mark}`, plugins: [{ type: neededPlugin, prevResult }] }, undefined, 2)}\n`
}

/** The address that the runtime has of such a Pod. */
const placeholder = '127.0.0.1'

/** The name of a configuration that this plugin wrote; undefined: it is somebody else's. */
export function ownName(conflist: string): string | undefined {
  try {
    const { name } = JSON.parse(conflist) as { name?: string }
    return name?.startsWith(prefix) ? name : undefined
  } catch {
    return undefined
  }
}
