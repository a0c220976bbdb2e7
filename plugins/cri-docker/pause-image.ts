import { Readable } from 'node:stream'
import { pauseArchive } from '@davit/core/node'
import { type Engine, messageOf } from './engine.js'
import { jsonLines } from './json-lines.js'
import { pauseImage } from './options.js'

/** Makes the image of the program that holds a sandbox; nothing is fetched from anywhere. Idempotent. */
export async function loadPauseImage({ docker, version }: Engine, name: string = pauseImage): Promise<void> {
  const { Arch } = await version()
  if (Arch !== 'amd64' && Arch !== 'arm64') throw new Error(`no pause program for the architecture ${Arch}`)
  const answer = await docker.loadImage(Readable.from([pauseArchive(Arch, name)]), { quiet: true })
  for await (const line of jsonLines(answer as Readable)) {
    const { error } = line as { error?: string }
    if (error !== undefined) throw new Error(`the pause image cannot be loaded: ${messageOf(error)}`)
  }
}
