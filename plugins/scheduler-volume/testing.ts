/** For this plugin's tests: claims, volumes, classes, nodes and Pods in a line each. */
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  Pod,
  StorageClass,
} from '@davit/core/kinds'

type Metadata = Partial<PersistentVolume['metadata']>

export function claim(name: string, spec: Partial<PersistentVolumeClaimSpec> = {}, more: Metadata = {}): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default', ...more },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'later',
      ...spec,
    },
  }
}
export const boundTo = (volumeName: string) => ({ volumeName })
export const completed = { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }

export function volume(name: string, host?: string, spec: Partial<PersistentVolume['spec']> = {}): PersistentVolume {
  const matchExpressions = [{ key: 'host', operator: 'In', values: [host ?? ''] }]
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'later',
      hostPath: { path: '/data' },
      nodeAffinity: host === undefined ? undefined : { required: { nodeSelectorTerms: [{ matchExpressions }] } },
      ...spec,
    },
    status: { phase: 'Available' },
  }
}

export function storageClass(name: string, more: Partial<StorageClass> = {}): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'example.com/disk',
    volumeBindingMode: 'WaitForFirstConsumer',
    ...more,
  }
}

export function node(name: string): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { host: name } },
    spec: {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
  }
}

/** With a volume for each claim. */
export function pod(name: string, ...claims: readonly string[]): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}` },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
    },
  }
}
