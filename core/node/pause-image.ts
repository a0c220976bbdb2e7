import { createHash } from 'node:crypto'
import { type Architecture, pauseProgram } from './pause-program.js'
import { tarOf } from './tar.js'

/** An archive as `docker save` writes it. The same bytes each time, hence one image however often it is loaded. */
export function pauseArchive(architecture: Architecture, imageName: string): Buffer {
  const { configText, layer } = partsOf(architecture)
  const configName = `${sha256(configText)}.json`
  const manifest = [{ Config: configName, RepoTags: [imageName], Layers: ['layer.tar'] }]
  return tarOf([
    { name: configName, mode: 0o644, content: configText },
    { name: 'layer.tar', mode: 0o644, content: layer },
    { name: 'manifest.json', mode: 0o644, content: Buffer.from(JSON.stringify(manifest)) },
  ])
}

/** "sha256:…", as runtimes tell images apart. */
export function pauseImageId(architecture: Architecture): string {
  return `sha256:${sha256(partsOf(architecture).configText)}`
}

function partsOf(architecture: Architecture): { readonly configText: Buffer; readonly layer: Buffer } {
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
  return { configText: Buffer.from(JSON.stringify(config)), layer }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
