/** A control plane with the plugin, and configurations of webhooks that the test answers for. */
import { startWebhook, type TestWebhook } from '@davit/core/api/testkit'
import { configMaps, mutatingWebhookConfigurations, validatingWebhookConfigurations } from '@davit/core/client'
import type { PluginEntry } from '@davit/core/kernel'
import type { ConfigMap, KubeObject, MutatingWebhook } from '@davit/core/kinds'
import { type Booted, boot, type TestContext } from '@davit/core/testing'
import plugin from './index.js'

// biome-ignore lint/suspicious/noExplicitAny: reviews are looked into at every depth.
export type Review = any
export interface Plane extends Booted {
  /** Configures a webhook `NAME.test.example` in a configuration of its own; `answer` makes the `response` of each review. */
  hook(name: string, options: HookOptions): Promise<TestWebhook>
  create(name: string, extra?: Partial<ConfigMap>): Promise<ConfigMap>
}
export interface HookOptions {
  readonly mutating?: boolean
  /** Merged over `uid` and `allowed: true`. 'hang': no answer at all. */
  readonly answer?: (review: Review) => object | 'hang'
  /** Replaces the whole body of the reply. */
  readonly body?: (review: Review) => unknown
  readonly spec?: Partial<MutatingWebhook>
}

export const rule = (resources: string[], operations: string[] = ['*'], apiGroups = ['*'], apiVersions = ['*']) =>
  ({ operations, apiGroups, apiVersions, resources }) as MutatingWebhook['rules'] extends (infer R)[] | undefined ? R : never

export async function plane(t: TestContext, plugins: readonly PluginEntry[] = []): Promise<Plane> {
  const booted = await boot({ plugins: [{ plugin }, ...plugins] })
  t.defer(() => booted.stop())
  const { client } = booted
  return {
    ...booted,
    async hook(name, { mutating = false, answer = () => ({}), body, spec = {} }) {
      const server = await startWebhook(t, (review: Review) => {
        if (body) return { body: body(review) }
        const response = answer(review)
        if (response === 'hang') return {}
        const { apiVersion, kind, request } = review
        return { body: { apiVersion, kind, response: { uid: request.uid, allowed: true, ...response } } }
      })
      const webhook = {
        name: `${name}.test.example`,
        clientConfig: { url: `${server.url}/${name}`, caBundle: server.caBundle },
        rules: [rule(['configmaps'])],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        ...spec,
      }
      const kind = mutating ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration'
      const object = { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name }, webhooks: [webhook] }
      await client.create(
        mutating ? mutatingWebhookConfigurations : validatingWebhookConfigurations,
        object as KubeObject as never,
      )
      await settled()
      return server
    },
    create: (name, extra = {}) =>
      client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, ...extra }),
  }
}

/** Informers hear of what is written in a later turn. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

export const patch = (...operations: object[]): object => ({
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})
