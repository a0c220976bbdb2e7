import type { ImageFacts, Runtime } from '@davit/core/node'
import { RuntimeError } from '@davit/core/node'
import type { Client } from './client.js'
import { codeOf, codes, messageOf } from './errors.js'
import type { Received } from './messages.js'
import type { ImageUser } from './options.js'

export type Images = Pick<Runtime, 'image' | 'pullImage'> & {
  /** The user that the image names; nobody: root. */
  user(name: string): Promise<ImageUser>
}

export function createImages(client: Client): Images {
  const inspect = async (name: string): Promise<Received<'Image'> | null> => {
    return (await client.call('ImageStatus', { image: { image: name } })).image
  }
  const image = async (name: string): Promise<ImageFacts | undefined> => {
    const found = await inspect(name)
    if (!found) return undefined
    const user = found.username || (found.uid?.value ? String(found.uid.value) : '')
    return { id: found.repoDigests[0] ?? found.id, size: found.size, user }
  }

  return {
    image,
    async user(name) {
      const found = await inspect(name)
      return found?.username ? { name: found.username } : { uid: found?.uid?.value ?? 0 }
    },
    async pullImage(name, signal) {
      try {
        await client.call('PullImage', { image: { image: name } }, { signal, timeoutMs: 0 })
      } catch (error) {
        signal.throwIfAborted()
        throw pullProblem(name, error)
      }
      const pulled = await image(name)
      if (!pulled) throw new RuntimeError('ErrImagePull', `"${name}" was pulled, but is not there`)
      return pulled.id
    },
  }
}

export function pullProblem(name: string, error: unknown): unknown {
  const code = codeOf(error)
  // An answer of the registry's may be passed on with any code, but a runtime that is away has another text.
  if (code === undefined || code === codes.cancelled || isAway(error)) return error
  const message = messageOf(error)
  if (code === codes.invalid || /failed to parse image reference|invalid reference format|couldn't parse image/i.test(message)) {
    return new RuntimeError('InvalidImageName', `"${name}": ${message}`, { cause: error })
  }
  return new RuntimeError('ErrImagePull', `${message}${withoutRegistry(message)}`, { cause: error })
}

/** What Docker has is not what containerd has, even where both run on one machine; the message of a dead line says nothing of that. */
function withoutRegistry(message: string): string {
  if (!/dial tcp|no such host|i\/o timeout|connection refused|network is unreachable/.test(message)) return ''
  return '; where no registry can be reached, load the image: `ctr --namespace k8s.io images import FILE`, with a FILE of `docker save` or of an OCI archive'
}

function isAway(error: unknown): boolean {
  return (
    codeOf(error) === codes.unavailable &&
    /No connection established|Connection dropped|ECONNREFUSED|ENOENT/.test(messageOf(error))
  )
}
