import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SandboxConfig } from '@davit/core/node'

/** The files that this plugin keeps in a node's directory. */
export function filesOf(nodeDirectory: string): string {
  return join(nodeDirectory, 'cri-docker')
}

export function resolvConfText({ servers, searches, options }: SandboxConfig['dns']): string {
  return [
    ...servers.map((server) => `nameserver ${server}\n`),
    ...(searches.length > 0 ? [`search ${searches.join(' ')}\n`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}\n`] : []),
  ].join('')
}

/**
 * Writes the Pod's own resolv.conf. undefined where Docker's resolver must do: no server is named, or those that are
 * listen on the machine's loopback address, which a Pod cannot reach from its own network.
 */
export async function writeResolvConf(nodeDirectory: string, config: SandboxConfig): Promise<string | undefined> {
  const { dns, pod, attempt, hostNetwork } = config
  const reachable = dns.servers.filter((server) => hostNetwork || !/^(127\.|::1$)/.test(server))
  if (reachable.length === 0) return undefined
  const file = join(filesOf(nodeDirectory), 'resolv', `${pod.uid}-${attempt}`)
  await mkdir(join(filesOf(nodeDirectory), 'resolv'), { recursive: true })
  await writeFile(file, resolvConfText({ ...dns, servers: reachable }))
  // Any user of the Pod may read it; a mode given to writeFile would be cut by the process's mask.
  await chmod(file, 0o644)
  return file
}

export async function removeResolvConf(file: string | undefined): Promise<void> {
  if (file !== undefined) await rm(file, { force: true })
}
