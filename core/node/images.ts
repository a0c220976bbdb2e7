import type { Clock } from '../kernel/contract.js'
import type { Container as PodContainer } from '../kinds/contract.js'
import type { Runtime } from './contract.js'
import { RuntimeError } from './contract.js'

/** What happens on the way, for events. */
export interface ImageEvents {
  pulling(image: string): void
  pulled(image: string, ms: number): void
  present(image: string): void
}

export interface Images {
  /** Makes the container's image present, by its pull policy. Rejects with a `RuntimeError`. */
  ensure(container: PodContainer, events: ImageEvents, signal: AbortSignal): Promise<void>
}

/** Pods of a node that want the same image at the same time share one pull. */
export function createImages(runtime: Runtime, clock: Clock): Images {
  const pulls = new Map<string, SharedPull>()
  const pull = (image: string, signal: AbortSignal): Promise<unknown> => {
    const running = pulls.get(image) ?? startPull(runtime, image, () => pulls.delete(image))
    pulls.set(image, running)
    return running.join(signal)
  }
  return {
    async ensure({ image = '', imagePullPolicy }, events, signal) {
      const policy = imagePullPolicy ?? defaultPolicy(image)
      if (policy !== 'Always' && (await runtime.image(image))) {
        events.present(image)
        return
      }
      if (policy === 'Never') {
        throw new RuntimeError('ErrImageNeverPull', `Container image "${image}" is not present with pull policy of Never`)
      }
      events.pulling(image)
      const began = clock.monotonic()
      await pull(image, signal)
      events.pulled(image, clock.monotonic() - began)
    },
  }
}

export function defaultPolicy(image: string): 'Always' | 'IfNotPresent' {
  const name = image.split('/').at(-1) ?? ''
  if (name.includes('@')) return 'IfNotPresent'
  const [, tag = 'latest'] = name.split(':')
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}

interface SharedPull {
  join(signal: AbortSignal): Promise<unknown>
}

/** Goes on as long as one of those who joined still wants it. */
function startPull(runtime: Runtime, image: string, done: () => void): SharedPull {
  const stop = new AbortController()
  let joined = 0
  const work = runtime.pullImage(image, stop.signal).finally(done)
  return {
    join(signal) {
      joined += 1
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          joined -= 1
          if (joined === 0) stop.abort(signal.reason)
          reject(signal.reason)
        }
        if (signal.aborted) leave()
        signal.addEventListener('abort', leave, { once: true })
        work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
      })
    },
  }
}
