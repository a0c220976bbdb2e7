/** What the machine has. */
import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { arch, cpus, networkInterfaces, release, totalmem, version } from 'node:os'
import { coreVersion } from '../kernel/contract.js'
import type { NodeSystemInfo } from '../kinds/contract.js'

export interface Machine {
  readonly capacity: Readonly<Record<string, string>>
  readonly addresses: readonly string[]
  readonly info: Omit<NodeSystemInfo, 'containerRuntimeVersion'>
  /** Go's word for the processor: "amd64". */
  readonly architecture: string
}

const goArchitectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  arm64: 'arm64',
  arm: 'arm',
  ppc64: 'ppc64le',
}
/** As Kubernetes has it. */
const podsPerNode = 110

export async function readMachine(directory: string): Promise<Machine> {
  const architecture = goArchitectures[arch()] ?? arch()
  const disk = await statfs(directory).catch(() => undefined)
  return {
    architecture,
    capacity: {
      cpu: String(cpus().length),
      memory: `${Math.floor(totalmem() / 1024)}Ki`,
      pods: String(podsPerNode),
      ...(disk ? { 'ephemeral-storage': `${Math.floor((disk.blocks * disk.bsize) / 1024)}Ki` } : {}),
    },
    addresses: machineAddresses(),
    info: {
      machineID: firstLine('/etc/machine-id'),
      systemUUID: firstLine('/etc/machine-id'),
      bootID: firstLine('/proc/sys/kernel/random/boot_id'),
      kernelVersion: release(),
      osImage: prettyName() || version(),
      kubeletVersion: `v1.33.0+davit-${coreVersion}`,
      kubeProxyVersion: `v1.33.0+davit-${coreVersion}`,
      operatingSystem: process.platform,
      architecture,
    },
  }
}

/** Of a simulated node: large enough that nothing but the Pods' number is scarce. */
export const hollowCapacity = { cpu: '32', memory: '256Gi', pods: String(podsPerNode), 'ephemeral-storage': '1Ti' }

function machineAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  const outer = all.filter((entry) => !entry.internal && !entry.address.startsWith('fe80:'))
  const first = (family: 'IPv4' | 'IPv6'): string[] =>
    outer
      .filter((entry) => entry.family === family)
      .slice(0, 1)
      .map((entry) => entry.address)
  const found = [...first('IPv4'), ...first('IPv6')]
  return found.length > 0 ? found : ['127.0.0.1']
}

function prettyName(): string {
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(read('/etc/os-release'))?.[1] ?? ''
}

function firstLine(path: string): string {
  return read(path).split('\n')[0] ?? ''
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
