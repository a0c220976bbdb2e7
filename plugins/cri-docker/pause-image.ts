import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { type Engine, messageOf } from './engine.js'
import { jsonLines } from './json-lines.js'
import { pauseImage } from './options.js'
import { type Architecture, pauseProgram } from './pause-program.js'
import { tarOf } from './tar.js'

/** Makes the image of the program that holds a sandbox; nothing is fetched from anywhere. Idempotent. */
export async function loadPauseImage({ docker, version }: Engine): Promise<void> {
  const { Arch } = await version()
  if (Arch !== 'amd64' && Arch !== 'arm64') throw new Error(`no pause program for the architecture ${Arch}`)
  const answer = await docker.loadImage(Readable.from([pauseArchive(Arch)]), { quiet: true })
  for await (const line of jsonLines(answer as Readable)) {
    const { error } = line as { error?: string }
    if (error !== undefined) throw new Error(`the pause image cannot be loaded: ${messageOf(error)}`)
  }
}

/** An archive as `docker save` writes it. The same bytes each time, hence one image however often it is loaded. */
export function pauseArchive(architecture: Architecture): Buffer {
  const layer = tarOf([{ name: 'pause', mode: 0o755, content: pauseProgram(architecture) }])
  const created = '1970-01-01T00:00:00Z'
  const config = {
    architecture,
    os: 'linux',
    created,
    config: { Entrypoint: ['/pause'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created, created_by: 'davit' }],
  }
  const configText = Buffer.from(JSON.stringify(config))
  const configName = `${sha256(configText)}.json`
  const manifest = [{ Config: configName, RepoTags: [pauseImage], Layers: ['layer.tar'] }]
  return tarOf([
    { name: configName, mode: 0o644, content: configText },
    { name: 'layer.tar', mode: 0o644, content: layer },
    { name: 'manifest.json', mode: 0o644, content: Buffer.from(JSON.stringify(manifest)) },
  ])
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
