/** Conversion by a webhook: ConversionReview over HTTPS, and what of its answer is taken. */
import type { WebhookCaller } from '@davit/core/api'
import { ApiError } from '@davit/core/client'
import type { Ids } from '@davit/core/kernel'
import type { CustomFacts, KubeObject } from '@davit/core/kinds'
import type { Definition } from './definition.js'

export interface ConverterServices {
  readonly webhooks: WebhookCaller
  readonly ids: Ids
}
type Convert = NonNullable<CustomFacts['convert']>

const timeoutMs = 30_000
/** So that a long list is not one huge body. */
const batchSize = 500
const group = 'apiextensions.k8s.io'
const reviews = ['v1', 'v1beta1']

/** Undefined where versions differ in their name alone. */
export function converterOf({ spec }: Definition, services: ConverterServices): Convert | undefined {
  const webhook = spec.conversion?.strategy === 'Webhook' ? spec.conversion.webhook : undefined
  const clientConfig = webhook?.clientConfig
  if (!webhook || !clientConfig) return undefined
  const review = webhook.conversionReviewVersions.find((version) => reviews.includes(version)) ?? 'v1'

  async function batch(objects: readonly KubeObject[], apiVersion: string): Promise<readonly KubeObject[]> {
    const uid = services.ids.uuid()
    const request = { uid, desiredAPIVersion: apiVersion, objects }
    const body = { apiVersion: `${group}/${review}`, kind: 'ConversionReview', request }
    const reply = await services.webhooks.call({ clientConfig: clientConfig as object, body, timeoutMs })
    const refuse = (message: string): ApiError => failure(objects[0], message)
    if (!reply.ok) throw refuse(`failed: ${reply.message}`)
    const { converted, problem } = convertedObjects(reply.value, review, uid)
    if (problem !== undefined) throw refuse(`failed: ${problem}`)
    if (converted.length !== objects.length) {
      throw refuse(`returned ${converted.length} objects, expected ${objects.length}`)
    }
    return objects.map((object, index) => {
      const what = objects.length === 1 ? 'object' : `converted object at index ${index}`
      const made = restored(object, converted[index], apiVersion)
      if (typeof made === 'string') throw refuse(`returned invalid ${what}: ${made}`)
      return made
    })
  }

  return async (objects, apiVersion) => {
    const converted: KubeObject[] = []
    for (let start = 0; start < objects.length; start += batchSize) {
      converted.push(...(await batch(objects.slice(start, start + batchSize), apiVersion)))
    }
    return converted
  }
}

/** A plain 500, whose message begins as Kubernetes' does: clients show it as it is. */
function failure(object: KubeObject | undefined, message: string): ApiError {
  const text = `conversion webhook for ${object?.apiVersion}, Kind=${object?.kind} ${message}`
  return ApiError.denied(500, '', text)
}

type Json = Readonly<Record<string, unknown>>
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

function convertedObjects(reply: unknown, review: string, uid: string): { converted: readonly unknown[]; problem?: string } {
  const refused = (problem: string) => ({ converted: [], problem })
  if (!isJson(reply)) return refused('no response provided')
  const { apiVersion, kind, response } = reply
  if (review === 'v1' && (apiVersion !== `${group}/v1` || kind !== 'ConversionReview')) {
    return refused(`expected webhook response of ${group}/v1, Kind=ConversionReview, got ${apiVersion}, Kind=${kind}`)
  }
  if (!isJson(response)) return refused('no response provided')
  if (review === 'v1' && response.uid !== uid) {
    return refused(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`)
  }
  const result = isJson(response.result) ? response.result : {}
  if (result.status !== 'Success') {
    const message = typeof result.message === 'string' ? result.message : ''
    return refused(message || `response.result.status was '${result.status ?? ''}', not 'Success'`)
  }
  const { convertedObjects: converted } = response
  return { converted: Array.isArray(converted) ? converted : [] }
}

/** The object as converted, with the metadata that it had: only labels and annotations are the webhook's. */
function restored(object: KubeObject, converted: unknown, apiVersion: string): KubeObject | string {
  if (!isJson(converted)) return 'it is no object'
  if (converted.apiVersion !== apiVersion) {
    return `invalid groupVersion (expected ${apiVersion}, received ${converted.apiVersion ?? ''})`
  }
  if (converted.kind !== object.kind) return `invalid kind (expected ${object.kind}, received ${converted.kind ?? ''})`
  const metadata = isJson(converted.metadata) ? converted.metadata : {}
  for (const [field, word] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [before, after] = [object.metadata[field] ?? '', metadata[field] ?? '']
    if (before !== after) return `must have the same ${word}: ${before} != ${after}`
  }
  const kept: KubeObject['metadata'] = { ...object.metadata }
  for (const field of ['labels', 'annotations'] as const) {
    const texts = metadata[field]
    if (texts === undefined || texts === null) delete kept[field]
    else if (!isTexts(texts)) return `metadata.${field} is no map of strings`
    else kept[field] = texts
  }
  return { ...converted, apiVersion, kind: object.kind, metadata: kept }
}

function isTexts(value: unknown): value is Record<string, string> {
  return isJson(value) && Object.values(value).every((text) => typeof text === 'string')
}
