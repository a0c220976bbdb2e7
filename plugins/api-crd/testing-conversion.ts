/** A definition of two versions, between which a webhook of the test converts. */
import { startWebhook, type TestWebhook } from '@davit/core/api/testkit'
import type { KubeObject } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import { type Cluster, definition, start, version } from './testing.js'

const text = { type: 'string' }
interface Review {
  readonly apiVersion: string
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly KubeObject[] }
}

/** v1 has `color`, v2 calls it `hue`. */
function converted({ spec, ...object }: KubeObject, apiVersion: string): KubeObject {
  const { color, hue } = (spec ?? {}) as { color?: string; hue?: string }
  const word = color ?? hue
  const named = apiVersion.endsWith('v2') ? { hue: word } : { color: word }
  return { ...object, apiVersion, spec: word === undefined ? {} : named } as KubeObject
}
export function answer(
  body: unknown,
  change: (objects: KubeObject[]) => unknown[] = (objects) => objects,
  more: object = {},
): object {
  const { apiVersion, request } = body as Review
  const objects = request.objects.map((object) => converted(object, request.desiredAPIVersion))
  const response = { uid: request.uid, result: { status: 'Success' }, convertedObjects: change(objects), ...more }
  return { apiVersion, kind: 'ConversionReview', response }
}
export const requests = (hook: TestWebhook): Review['request'][] => hook.bodies.map((body) => (body as Review).request)

export async function setUp(t: TestContext, reply: (body: unknown) => object): Promise<{ cluster: Cluster; hook: TestWebhook }> {
  const hook = await startWebhook(t, (body) => ({ body: reply(body) }))
  const cluster = await start(t)
  const clientConfig = { url: `${hook.url}/convert`, caBundle: hook.caBundle }
  const conversion = { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'] } }
  const versions = [
    version('v1', { color: text }),
    version('v2', { hue: text, size: { type: 'integer', default: 1 } }, { storage: false }),
  ]
  await cluster.define(definition(versions, { conversion }))
  return { cluster, hook }
}
