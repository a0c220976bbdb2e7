/** For this plugin's tests: a control plane with the plugin in it, and its driver as an agent calls it. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiHooksToken } from '@davit/core/api'
import { nodes } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@davit/core/kinds'
import { type PersistentVolumeDriver, PersistentVolumeToken, type VolumeDriver, VolumeToken } from '@davit/core/node'
import { boot, type TestContext } from '@davit/core/testing'
import plugin from './index.js'
import { startDriver, type TestDriver, type TestDriverOptions } from './testing-driver.js'

/** In the place of an authoriser: the node may do anything. */
const allowNodes = definePlugin({
  id: 'test-allow-nodes',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.authorize, ({ user }) => (user.groups.includes('system:nodes') ? { allowed: true, reason: '' } : undefined))
    return {}
  },
})

/** `earlier`: the directory of one before, as an agent that starts again finds it. */
export async function csiNode(t: TestContext, earlier?: string) {
  const root = earlier ?? (await t.directory())
  const directory = join(root, 'kubelet')
  let persistent: PersistentVolumeDriver | undefined
  let inline: VolumeDriver | undefined
  const taker = definePlugin({
    id: 'test-agent',
    api: '^1.0',
    requires: { persistent: PersistentVolumeToken, inline: VolumeToken },
    async setup(_context, received) {
      return {
        async start() {
          persistent = received.persistent.all()[0]
          inline = received.inline.all()[0]
        },
      }
    },
  })
  const plane = await boot({
    clock: 'real',
    plugins: [{ plugin: allowNodes }, { plugin, config: { directory, callSeconds: 5 } }, { plugin: taker }],
  })
  t.defer(() => plane.stop())
  const { client } = plane
  if (!persistent || !inline) throw new Error('the plugin has given nothing')
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {} })
  const place = { nodeName: 'one', directory: join(root, 'volumes'), node: () => undefined }
  const close = await persistent.open?.(place)
  t.defer(async () => close?.())
  const read = {
    configMap: async () => undefined,
    secret: async (namespace: string, name: string) =>
      name === 'login'
        ? {
            apiVersion: 'v1',
            kind: 'Secret',
            metadata: { namespace, name },
            data: { key: Buffer.from('hidden').toString('base64') },
          }
        : undefined,
    persistentVolumeClaim: async () => undefined,
    persistentVolume: async () => undefined,
  } as const
  const request = (pod: Pod, persistentVolume: PersistentVolume) => ({
    pod,
    volume: { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
    directory: join(root, 'pods', pod.metadata.uid ?? '', 'data'),
    read,
    place,
    claim,
    persistentVolume,
  })
  return {
    ...plane,
    root,
    directory,
    persistent,
    inline,
    request,
    place,
    read,
    async driver(options: Partial<TestDriverOptions> = {}): Promise<TestDriver> {
      const own = join(root, options.name ?? 'driver')
      await mkdir(own, { recursive: true })
      const driver = await startDriver({ directory: own, registry: join(directory, 'plugins_registry'), ...options })
      t.defer(() => driver.stop())
      return driver
    },
  }
}

const claim: PersistentVolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'default' },
  spec: {},
}

export function pod(name: string, spec: Partial<Pod['spec']> = {}): Pod {
  const metadata = { name, namespace: 'default', uid: `uid-${name}` }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [], serviceAccountName: 'default', ...spec } }
}

export function volume(name: string, csi: object = {}, spec: object = {}): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      csi: { driver: 'folders.example.com', volumeHandle: `handle-${name}`, ...csi },
      ...spec,
    },
  }
}

export const csiDriver = (spec: object = { attachRequired: false }) => ({
  apiVersion: 'storage.k8s.io/v1' as const,
  kind: 'CSIDriver' as const,
  metadata: { name: 'folders.example.com' },
  spec,
})

/** Waits for what comes with a change of files, a moment later. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; ) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`${what}: not within 5 s`)
}
