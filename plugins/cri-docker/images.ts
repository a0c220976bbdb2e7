import type { Readable } from 'node:stream'
import type { ImageFacts, Runtime } from '@davit/core/node'
import { RuntimeError } from '@davit/core/node'
import type { ImageInspectInfo } from 'dockerode'
import { type Engine, messageOf, statusOf, unless } from './engine.js'
import { isImageId, parseImageName } from './image-name.js'
import { jsonLines } from './json-lines.js'

export type Images = Pick<Runtime, 'image' | 'pullImage'> & {
  /** What the image that runs is called: its digest where a registry gave one, else its id. */
  identity(imageId: string): Promise<string>
}

export function createImages(engine: Engine): Images {
  const { docker } = engine
  const identities = new Map<string, Promise<string>>()

  const inspect = async (name: string): Promise<ImageInspectInfo | undefined> => {
    if (!parseImageName(name) && !isImageId(name)) return undefined
    return unless([404], docker.getImage(name).inspect())
  }
  const image = async (name: string): Promise<ImageFacts | undefined> => {
    const found = await inspect(name)
    return found && { id: identityOf(found), size: found.Size, user: found.Config.User ?? '' }
  }

  return {
    image,
    identity(imageId) {
      const known = identities.get(imageId) ?? inspect(imageId).then((found) => (found ? identityOf(found) : imageId))
      identities.set(imageId, known)
      known.catch(() => identities.delete(imageId))
      return known
    },
    async pullImage(name, signal) {
      const parsed = parseImageName(name)
      if (!parsed) {
        throw new RuntimeError('InvalidImageName', `couldn't parse image name "${name}": invalid reference format`)
      }
      const { repository, reference } = parsed
      try {
        const options = { fromImage: repository, tag: reference, abortSignal: signal }
        await finish((await docker.createImage(options)) as Readable)
      } catch (error) {
        signal.throwIfAborted()
        if (statusOf(error) === undefined) throw error
        throw new RuntimeError('ErrImagePull', messageOf(error), { cause: error })
      }
      const pulled = await image(name)
      if (!pulled) throw new RuntimeError('ErrImagePull', `"${name}" was pulled, but is not there`)
      return pulled.id
    },
  }
}

/** Reads the progress of a pull to its end, where its error may stand. */
async function finish(progress: Readable): Promise<void> {
  for await (const line of jsonLines(progress)) {
    const { error, errorDetail } = line as { error?: string; errorDetail?: { message?: string } }
    if (error !== undefined) throw new RuntimeError('ErrImagePull', errorDetail?.message ?? error)
  }
}

function identityOf({ Id, RepoDigests }: ImageInspectInfo): string {
  return RepoDigests?.[0] ?? Id
}
