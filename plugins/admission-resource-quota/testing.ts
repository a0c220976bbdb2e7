/** For this plugin's tests: quotas as a count left them, and what takes of them. */
import { type AdmissionRequest, createNotes } from '@davit/core/api'
import { ApiError, type Client, resourceQuotas } from '@davit/core/client'
import type { KubeObject, Pod, ResourceKind, ResourceQuota, ResourceRequirements } from '@davit/core/kinds'
import { assert, boot, type TestContext } from '@davit/core/testing'
import plugin from './index.js'

type List = Readonly<Record<string, string>>

export function quotaOf(hard: List, used: List, more: Partial<ResourceQuota['spec']> = {}, name = 'q'): ResourceQuota {
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name, namespace: 'default' },
    spec: { hard, ...more },
    status: { hard, used },
  }
}

export function podOf(name: string, resources: ResourceRequirements = {}, spec: Partial<Pod['spec']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'web:1', resources }], ...spec },
  }
}

export function requestOf(resource: string, object: KubeObject, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const kind = { group: '', resource, namespaced: true, stored: true } as ResourceKind
  const request = {
    operation: 'CREATE',
    kind,
    subresource: '',
    namespace: 'default',
    name: object.metadata.name,
    object,
  } as const
  const { warn, audit } = createNotes()
  return { ...request, user: { name: 'test', groups: [] }, dryRun: false, warn, audit, ...more }
}

/** A control plane without the controller that counts: `count` plays it. */
export async function plane(t: TestContext) {
  const booted = await boot({ plugins: [{ plugin }] })
  t.defer(() => booted.stop())
  return booted
}

export async function count(client: Client, quota: ResourceQuota): Promise<ResourceQuota> {
  const made = await client.create(resourceQuotas, quota)
  return client.updateStatus(resourceQuotas, { ...made, ...(quota.status && { status: quota.status }) })
}

export async function usedOf(client: Client, name = 'q'): Promise<List | undefined> {
  return (await client.get(resourceQuotas, 'default', name)).status?.used
}

/** The message of a 403. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.unreachable('it was let through'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof ApiError, String(error))
  assert.equal([error.code, error.reason], [403, 'Forbidden'])
  return error.message
}
