/** For this plugin's tests: nodes, Pods on them, and a control plane with the controllers. */
import { leases, nodes, pods } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import type { Node, Pod, PodSpec, Taint } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import plugin from './index.js'

export const start = '2024-01-01T00:00:00Z'

export function makeNode(name: string, ready: string | null = 'True', more: Partial<Node> = {}): Node {
  const fine = { lastHeartbeatTime: start, lastTransitionTime: start }
  const conditions = ready === null ? [] : [{ type: 'Ready', status: ready, reason: 'KubeletReady', ...fine }]
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {}, status: { conditions }, ...more }
}

export function makePod(name: string, spec: Partial<PodSpec> = {}): Pod {
  const metadata = { name, namespace: 'default' }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } }
}

export const plain = (taints: readonly Taint[] | undefined) =>
  (taints ?? []).map(({ key, effect }) => `${key.split('/')[1]}:${effect}`).sort()

export interface Plane extends ControlPlane {
  node(name: string): Promise<Node>
  ready(name: string): Promise<string | undefined>
  taints(name: string): Promise<string[]>
  setReady(name: string, status: string): Promise<void>
  /** Renews the leases of these nodes every ten seconds for so long. */
  live(ms: number, ...names: string[]): Promise<void>
  run(name: string, node: string, spec?: Partial<PodSpec>): Promise<Pod>
  pods(): Promise<string[]>
}

export async function plane(t: TestContext, config: object = {}): Promise<Plane> {
  const made = await controlPlane(t, [{ plugin, config }])
  const { client, clock } = made
  const node = (name: string) => client.get(nodes, '', name)
  const renew = async (name: string) => {
    const renewTime = new Date(clock.now()).toISOString().replace('Z', '000Z')
    const old = await client.get(leases, 'kube-node-lease', name).catch(() => undefined)
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime }
    const metadata = { name, namespace: 'kube-node-lease' }
    if (old) await client.update(leases, { ...old, spec })
    else await client.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec })
  }
  return {
    ...made,
    node,
    ready: async (name) => (await node(name)).status?.conditions?.find(({ type }) => type === 'Ready')?.status,
    taints: async (name) => plain((await node(name)).spec.taints),
    async setReady(name, status) {
      const now = new Date(clock.now()).toISOString().replace('.000Z', 'Z')
      const ready = { type: 'Ready', status, reason: 'KubeletReady', lastHeartbeatTime: now, lastTransitionTime: now }
      const found = await node(name)
      const others = (found.status?.conditions ?? []).filter(({ type }) => type !== 'Ready')
      await client.updateStatus(nodes, { ...found, status: { ...found.status, conditions: [...others, ready] } })
      await made.quiet()
    },
    async live(ms, ...names) {
      for (let past = 0; past < ms; past += 10_000) {
        for (const name of names) await renew(name)
        await made.pass(Math.min(10_000, ms - past))
      }
    },
    async run(name, nodeName, spec = {}) {
      const pod = await client.create(pods, makePod(name, { nodeName, ...spec }))
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: start }]
      return client.updateStatus(pods, { ...pod, status: { phase: 'Running', conditions } })
    },
    pods: async () =>
      (await client.list(pods)).items
        .filter(({ metadata }) => !metadata.deletionTimestamp)
        .map(({ metadata }) => metadata.name)
        .sort(),
  }
}
