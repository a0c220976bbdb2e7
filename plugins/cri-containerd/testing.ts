/** What the tests of this plugin share. */
import { access, readdir } from 'node:fs/promises'
import { connectClient } from './client.js'
import { command } from './command.js'
import type { ContainerdConfig } from './config.js'
import { namesOf } from './conflist.js'
import type { PrivateContainerd } from './private-containerd.js'

export function configOf(containerd: PrivateContainerd | undefined): ContainerdConfig {
  return { socket: containerd?.socket ?? '/nonexistent/containerd.sock', logMaxSize: '10m', logMaxFiles: 2 }
}

/** What there is of ours, by name: sandboxes of anybody, and what belongs to the range. */
export async function leftOver(config: ContainerdConfig, podCidr: string): Promise<string[]> {
  const client = await connectClient(config.socket)
  const { bridge, chain, network } = namesOf(podCidr)
  try {
    const { items } = await client.call('ListPodSandbox', {})
    const { info } = await client.call('Status', { verbose: true })
    const { confDir } = (JSON.parse(info.config ?? '{}') as { cni: { confDir: string } }).cni
    const rules = await command('iptables-save', [])
    const there = async (path: string): Promise<string[]> =>
      access(path).then(
        () => [path],
        () => [],
      )
    return [
      ...items.map(({ id }) => id),
      ...(await readdir(confDir)),
      ...rules.split('\n').filter((rule) => rule.includes(chain)),
      ...(await there(`/sys/class/net/${bridge}`)),
      ...(await there(`/var/lib/cni/networks/${network}`)),
    ]
  } finally {
    client.close()
  }
}
