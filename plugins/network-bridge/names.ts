/** What things are called. All that must be known of a Pod's link stands in its names, so that no book of it is kept. */
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { NetworkContext } from '@davit/core/node'
import { addressOfHex, hexOf } from './addresses.js'

export interface Names {
  /** At most 15 characters, as of every link. */
  readonly bridge: string
  /** Chains of iptables: at most 28 characters. */
  readonly masquerade: string
  readonly ports: string
  readonly forward: string
}

/** What belongs to a range: two nodes have different ones. */
export function namesOf(podCidr: string): Names {
  const name = short(podCidr)
  return {
    // As cri-process calls its own: one machine can have one bridge for a range.
    bridge: `davit-p${name}`,
    masquerade: `DAVIT-NET-MASQ-${name}`,
    ports: `DAVIT-NET-PORT-${name}`,
    forward: `DAVIT-NET-FWD-${name}`,
  }
}

/** Every chain of host ports of this machine, whichever node's. */
export const anyPorts = 'DAVIT-NET-PORT-'

const linkPrefix = 'davit-v'

/** The host's end of a link. The kernel refuses a second one of that name, so an address is one Pod's, whoever asks. */
export function linkOf(address: string): string {
  return `${linkPrefix}${hexOf(address)}`
}

/** undefined: not one of ours. */
export function addressOfLink(link: string): string | undefined {
  return link.startsWith(linkPrefix) ? addressOfHex(link.slice(linkPrefix.length)) : undefined
}

/** Tells nodes of all clusters of this machine apart. */
export function ownerOf({ nodeName, directory }: Pick<NetworkContext, 'nodeName' | 'directory'>): string {
  return short(`${resolve(directory)}\n${nodeName}`, 16)
}

/** The alias of a link and the comment of a rule: whose it is. */
export function tagOf(owner: string, id: string): string {
  return `davit:${owner}:${id}`
}

export function parseTag(tag: string): { readonly owner: string; readonly id: string } | undefined {
  const [, owner = '', id = ''] = /^davit:([0-9a-f]{16}):([A-Za-z0-9-]{1,100})$/.exec(tag) ?? []
  return id === '' ? undefined : { owner, id }
}

function short(text: string, length = 8): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length)
}
