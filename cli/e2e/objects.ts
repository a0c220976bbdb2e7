/** Objects that tests make, and what they look at of them. */
import type { Connection } from '../kube/connection.js'

// biome-ignore lint/suspicious/noExplicitAny: what a test looks at of an object is up to the test.
export type Tree = Record<string, any>

export const podsPath = '/api/v1/namespaces/default/pods'

export function podObject(name: string, spec: Tree = {}, metadata: Tree = {}): Tree {
  const { containers, ...rest } = spec
  const container = { name: 'main', image: 'davit.local/none:1', imagePullPolicy: 'IfNotPresent' }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { terminationGracePeriodSeconds: 0, containers: containers ?? [container], ...rest },
  }
}

export function create(connection: Connection, collection: string, body: Tree): Promise<Tree> {
  return connection.json<Tree>('POST', collection, { body })
}

/** Looks until `wanted` gives something; says what it saw last when the time is over. */
export async function until<T>(what: string, wanted: () => Promise<T | undefined | false>, timeoutMs = 8_000): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const found = await wanted()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The Pod once `state` holds. */
export function podOnce(connection: Connection, name: string, state: (pod: Tree) => boolean): Promise<Tree> {
  return until(`Pod ${name} as wanted`, async () => {
    const pod = await connection.json<Tree>('GET', `${podsPath}/${name}`)
    return state(pod) && pod
  })
}

export const isRunning = (pod: Tree): boolean => pod.status?.phase === 'Running'
export const isBound = (pod: Tree): boolean => pod.spec.nodeName !== undefined
