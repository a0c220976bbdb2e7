/** What this machine allows, read once from its files: looking has no side effect. */
import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RuntimeCapabilities } from '@davit/core/node'
import { type Controllers, findControllers } from './controllers.js'

export const shell = '/bin/sh'

export interface Machine {
  readonly supports: RuntimeCapabilities
  /** New namespaces, mounts and links may be made. */
  readonly namespaces: boolean
  /** Programs may run as other users and with fewer capabilities. */
  readonly users: boolean
  readonly controllers: Controllers | undefined
  readonly iptables: boolean
  /** Where the tools are that a container needs by absolute path. */
  readonly tools: { readonly env: string; readonly setpriv: string | undefined; readonly script: string | undefined }
}

export const privileged: RuntimeCapabilities = {
  images: false,
  podNetwork: true,
  exec: true,
  attach: true,
  portForward: true,
  logs: true,
  resourceLimits: true,
  mounts: true,
  users: true,
  capabilities: true,
  readOnlyRootFilesystem: true,
  seccomp: false,
  mountPropagation: false,
  stats: true,
  adoption: true,
  hollow: false,
}

/** Of capability(7). */
const bit = { SETGID: 6n, SETUID: 7n, SETPCAP: 8n, NET_ADMIN: 12n, SYS_ADMIN: 21n }
const namespaceTools = ['ip', 'unshare', 'nsenter', 'mount', 'umount', 'pivot_root', 'setpriv']

export function readMachine(): Machine {
  const held = effectiveCapabilities()
  const has = (...names: readonly (keyof typeof bit)[]): boolean => names.every((name) => (held >> bit[name]) & 1n)
  const setpriv = onPath('setpriv')
  return machineOf({
    namespaces: has('SYS_ADMIN', 'NET_ADMIN') && namespaceTools.every(onPath) && knowsOverlay(),
    users: has('SETUID', 'SETGID', 'SETPCAP') && setpriv !== undefined,
    controllers: has('SYS_ADMIN') ? findControllers() : undefined,
    iptables: has('NET_ADMIN') && onPath('iptables') !== undefined,
    tools: { env: onPath('env') ?? '/usr/bin/env', setpriv, script: onPath('script') },
  })
}

export function machineOf(parts: Omit<Machine, 'supports'>): Machine {
  const { namespaces, users, controllers } = parts
  const supports = {
    ...privileged,
    podNetwork: namespaces,
    mounts: namespaces,
    readOnlyRootFilesystem: namespaces,
    users,
    capabilities: users,
    resourceLimits: controllers !== undefined,
    stats: controllers !== undefined,
  }
  return { ...parts, supports }
}

/** The same machine as a user without privileges has it. */
export function withoutPrivileges(machine: Machine): Machine {
  return machineOf({ ...machine, namespaces: false, users: false, controllers: undefined, iptables: false })
}

function effectiveCapabilities(): bigint {
  const mask = /^CapEff:\s+([0-9a-f]+)$/m.exec(read('/proc/self/status'))?.[1]
  return mask === undefined ? 0n : BigInt(`0x${mask}`)
}

/** Where the module is not loaded yet, the first mount loads it. */
function knowsOverlay(): boolean {
  return /\boverlay$/m.test(read('/proc/filesystems')) || read('/proc/modules') !== ''
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

export function onPath(command: string): string | undefined {
  for (const folder of (process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin').split(':')) {
    try {
      const path = join(folder, command)
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder of the path.
    }
  }
  return undefined
}
