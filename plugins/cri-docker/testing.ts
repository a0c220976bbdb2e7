/** What the tests of this plugin share. */
import type { DockerConfig } from './config.js'
import { connectEngine } from './engine.js'
import { label } from './labels.js'

const host = process.env.DOCKER_HOST ?? ''

export const testConfig: DockerConfig = {
  socketPath: host.startsWith('unix://') ? host.slice('unix://'.length) : '/var/run/docker.sock',
  logMaxSize: '10m',
  logMaxFiles: 2,
}

/** How many containers and networks of ours there are for these nodes and this range. */
export async function leftOver(nodeNames: readonly string[], subnet: string): Promise<number> {
  const engine = await connectEngine(testConfig.socketPath)
  try {
    const containers = await engine.docker.listContainers({ all: true, filters: { label: [label.node] } })
    const networks = await engine.docker.listNetworks({ filters: { label: [`${label.network}=${subnet}`] } })
    return containers.filter(({ Labels }) => nodeNames.includes(Labels[label.node] ?? '')).length + networks.length
  } finally {
    engine.close()
  }
}
