import { join } from 'node:path'
import { controlPlaneParts, provisionerKit } from '@davit/core/controller/testkit'
import type { Node, PersistentVolume } from '@davit/core/kinds'
import { persistentVolumeKit } from '@davit/core/node/testkit'
import { pluginSuite } from '@davit/core/testing'
import { folders } from './folders.js'
import plugin from './index.js'
import { localPathProvisioner } from './provisioner.js'

pluginSuite(plugin, {
  with: controlPlaneParts,
  valid: [{}, { storageClass: '' }, { storageClass: 'folders', defaultClass: false }],
  invalid: [{ storageClass: 3 }, { lostNodeSeconds: -1 }, { defaultClass: 'yes' }],
})

const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'one',
    labels: { 'kubernetes.io/hostname': 'one' },
    annotations: { 'davit.dev/volumes-directory': '/data/nodes/one/volumes' },
  },
  spec: {},
}
provisionerKit('local-path', () => ({
  provisioner: localPathProvisioner,
  storageClass: { volumeBindingMode: 'WaitForFirstConsumer' },
  node,
  refused: { 'a block device': { volumeMode: 'Block' }, 'many writers': { accessModes: ['ReadWriteMany'] } },
}))

const madeBy = { 'pv.kubernetes.io/provisioned-by': 'davit.dev/local-path' }
const made = (name: string, path: string, annotations: Record<string, string> = madeBy): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, annotations },
  spec: { local: { path }, persistentVolumeReclaimPolicy: 'Delete' },
})
persistentVolumeKit('local-path', () => ({
  driver: folders,
  volume: (name, { directory }) => made(name, join(directory, name)),
  others: [made('by-hand', '/disk', {}), { ...made('host', '/x'), spec: { hostPath: { path: '/x' } } }],
}))
