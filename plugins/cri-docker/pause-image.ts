import { Readable } from 'node:stream'
import type { Engine } from './engine.js'
import { pauseImage } from './options.js'
import { type Architecture, pauseProgram } from './pause-program.js'
import { tarOf } from './tar.js'

/** Makes the image of the program that holds a sandbox; nothing is fetched from anywhere. Idempotent. */
export async function importPauseImage({ docker, version }: Engine): Promise<void> {
  const { Arch } = await version()
  if (Arch !== 'amd64' && Arch !== 'arm64') throw new Error(`no pause program for the architecture ${Arch}`)
  const archive = pauseArchive(Arch)
  const [repo, tag] = pauseImage.split(':')
  const answer = await docker.importImage(Readable.from([archive]), { repo, tag })
  for await (const chunk of answer) {
    const text = String(chunk)
    if (text.includes('"error"')) throw new Error(`the pause image cannot be imported: ${text}`)
  }
}

export function pauseArchive(architecture: Architecture): Buffer {
  return tarOf([{ name: 'pause', mode: 0o755, content: pauseProgram(architecture) }])
}
