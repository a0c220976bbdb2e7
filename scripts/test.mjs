// `npm test`: everything from a fresh clone to tested. Arguments go to the runner: `npm test -- core/kernel --coverage`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { dockerAnswers, ensureBusyboxImage, ensureNodeImage } from './node-image.mjs'
import { prepare } from './prepare.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

await prepare({ say: (text) => console.log(text) })
// No registry is needed: the images come from this machine.
if (existsSync('/bin/busybox') && (await dockerAnswers())) {
  await ensureBusyboxImage()
  await ensureNodeImage()
}
const runner = ['--conditions=source', '--import', 'tsx', path.join(root, 'core/testing/run.ts')]
const child = spawn(process.execPath, [...runner, ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
})
// Ctrl-C reaches the runner by the terminal; it ends its files and then itself.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => child.kill('SIGTERM'))
const [code, signal] = await once(child, 'close')
process.exitCode = signal ? 1 : code
