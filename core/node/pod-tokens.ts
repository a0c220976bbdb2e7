/** Tokens of the accounts of Pods on one node: asked for when a volume wants one, kept, and renewed before they end. */
import { type Client, serviceAccounts } from '../client/contract.js'
import type { Clock, Logger, Timer } from '../kernel/contract.js'
import type { KubeObject, Pod, ServiceAccountTokenProjection } from '../kinds/contract.js'

const usualSeconds = 3600
/** However long it lives, a token is renewed after a day: it may have been lost to somebody. */
const longestUseMs = 24 * 3_600_000
/** After a renewal that failed. The old token is good for as long as it lives. */
const retryMs = 30_000

type TokenClient = Pick<Client, 'createSubresource'>

export interface PodTokens {
  /** The token that the projection asks for; a new one where the last is due. Rejects where there is none to be had. */
  token(pod: Pod, projection: ServiceAccountTokenProjection): Promise<Uint8Array>
  /** `changed` is called when a token of the Pod is due, until the Pod is dropped. */
  follow(uid: string, changed: () => void): void
  /** Forgets what the Pod had. */
  drop(uid: string): void
  close(): void
}

interface Held {
  readonly bytes: Uint8Array
  /** Milliseconds since 1970. */
  readonly renewAt: number
  readonly expires: number
}
interface PodState {
  readonly held: Map<string, Held>
  changed: (() => void) | undefined
  timer: Timer | undefined
}

export function createPodTokens(client: TokenClient, clock: Clock, log: Logger): PodTokens {
  const pods = new Map<string, PodState>()
  const stateOf = (uid: string): PodState => {
    const state = pods.get(uid) ?? { held: new Map(), changed: undefined, timer: undefined }
    pods.set(uid, state)
    return state
  }
  const arm = (state: PodState): void => {
    state.timer?.cancel()
    const next = Math.min(...[...state.held.values()].map(({ renewAt }) => renewAt))
    if (next === Number.POSITIVE_INFINITY) return
    state.timer = clock.setTimer(Math.max(1, next - clock.now()), () => state.changed?.(), { unref: true })
  }
  const drop = (uid: string): void => {
    pods.get(uid)?.timer?.cancel()
    pods.delete(uid)
  }
  return {
    async token(pod, projection) {
      const uid = pod.metadata.uid ?? ''
      const state = stateOf(uid)
      const key = JSON.stringify([projection.audience ?? '', projection.expirationSeconds ?? usualSeconds])
      const known = state.held.get(key)
      if (known && clock.now() < known.renewAt) return known.bytes
      const held = await renew(known, () => ask(client, pod, projection, clock), clock, log)
      // The Pod may have gone meanwhile.
      if (pods.get(uid) === state) {
        state.held.set(key, held)
        arm(state)
      }
      return held.bytes
    },
    follow(uid, changed) {
      stateOf(uid).changed = changed
    },
    drop,
    close() {
      for (const uid of [...pods.keys()]) drop(uid)
    },
  }
}

/** Where there is no new one, the old one does as long as it is good. */
async function renew(known: Held | undefined, next: () => Promise<Held>, clock: Clock, log: Logger): Promise<Held> {
  try {
    return await next()
  } catch (error) {
    if (!known || clock.now() >= known.expires) throw error
    log.warn({ error: String(error) }, 'a token of a Pod could not be renewed; it will be tried again')
    return { ...known, renewAt: clock.now() + retryMs }
  }
}

async function ask(client: TokenClient, pod: Pod, projection: ServiceAccountTokenProjection, clock: Clock): Promise<Held> {
  const { namespace = '', name, uid = '' } = pod.metadata
  const seconds = projection.expirationSeconds ?? usualSeconds
  const request = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: {} as KubeObject['metadata'],
    spec: {
      audiences: projection.audience ? [projection.audience] : [],
      expirationSeconds: seconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
    },
  }
  const asked = clock.now()
  const account = pod.spec.serviceAccountName || 'default'
  const answer = await client.createSubresource(serviceAccounts, namespace, account, 'token', request)
  const { token, expirationTimestamp } = answer.status as { readonly token: string; readonly expirationTimestamp: string }
  const expires = Date.parse(expirationTimestamp)
  // At four fifths of its life, as it was cut by the API.
  const renewAt = Math.min(asked + (expires - asked) * 0.8, asked + longestUseMs)
  return { bytes: Buffer.from(token), renewAt, expires }
}
