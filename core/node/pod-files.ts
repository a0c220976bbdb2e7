/** The files that the agent keeps for a Pod besides its volumes: /etc/hosts and the termination messages. */
import { chmod, mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pod, Container as PodContainer } from '../kinds/contract.js'
import type { Container, Mount, Runtime } from './contract.js'
import { fullNameOf, hostNetworkHosts, hostnameOf, podHosts } from './hosts-file.js'

const defaultMessagePath = '/dev/termination-log'
const longestMessage = 4096
const fallback = { lines: 80, bytes: 2048 }

export interface PodFiles {
  /** Of the Pod; exists once something was made in it. */
  readonly directory: string
  /** Made anew with each sandbox, for the address changes with it. */
  hostsMount(pod: Pod, container: PodContainer, ips: readonly string[], clusterDomain: string): Promise<Mount | undefined>
  /** An empty file for this attempt, and the mount that puts it where the container writes. */
  messageFile(container: PodContainer, attempt: number): Promise<{ readonly file: string; readonly mount: Mount }>
  /** What a container that exited left as its last words. */
  message(spec: PodContainer, container: Container, runtime: Runtime): Promise<string>
}

export function createPodFiles(directory: string): PodFiles {
  const messagePath = (name: string, attempt: number): string => join(directory, 'containers', name, `${attempt}.message`)
  return {
    directory,
    async hostsMount(pod, container, ips, clusterDomain) {
      if (container.volumeMounts?.some((mount) => mount.mountPath === '/etc/hosts')) return undefined
      const file = join(directory, 'etc-hosts')
      await mkdir(directory, { recursive: true, mode: 0o750 })
      await writeFile(file, await hostsText(pod, ips, clusterDomain))
      await chmod(file, 0o644)
      return { hostPath: file, containerPath: '/etc/hosts', readOnly: false }
    },
    async messageFile(container, attempt) {
      const file = messagePath(container.name, attempt)
      await mkdir(join(directory, 'containers', container.name), { recursive: true, mode: 0o755 })
      await writeFile(file, '')
      // Any user of the container may write it; the mode given to writeFile would be cut by the process's mask.
      await chmod(file, 0o666)
      const containerPath = container.terminationMessagePath || defaultMessagePath
      return { file, mount: { hostPath: file, containerPath, readOnly: false } }
    },
    async message(spec, container, runtime) {
      const written = await readStart(messagePath(container.name, container.attempt))
      if (written !== '' || spec.terminationMessagePolicy !== 'FallbackToLogsOnError' || container.exitCode === 0) return written
      return lastOfLog(runtime, container.id)
    },
  }
}

async function hostsText(pod: Pod, ips: readonly string[], clusterDomain: string): Promise<string> {
  const aliases = pod.spec.hostAliases ?? []
  if (pod.spec.hostNetwork) return hostNetworkHosts(await readFile('/etc/hosts', 'utf8').catch(() => ''), aliases)
  const hostname = hostnameOf(pod)
  const fullName = fullNameOf(pod, clusterDomain)
  return podHosts({ ips, hostname, ...(fullName === undefined ? {} : { fullName }) }, aliases)
}

async function readStart(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined)
  if (!file) return ''
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(longestMessage), 0, longestMessage, 0)
    return buffer.subarray(0, bytesRead).toString('utf8')
  } finally {
    await file.close()
  }
}

async function lastOfLog(runtime: Runtime, id: string): Promise<string> {
  const stop = new AbortController()
  const chunks: Uint8Array[] = []
  for await (const chunk of runtime.logs(id, {
    follow: false,
    timestamps: false,
    tailLines: fallback.lines,
    signal: stop.signal,
  })) {
    chunks.push(chunk)
  }
  const all = Buffer.concat(chunks)
  return all.subarray(Math.max(0, all.length - fallback.bytes)).toString('utf8')
}
