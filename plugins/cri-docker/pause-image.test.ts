import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pauseProgram } from '@davit/core/node'
import { assert, test } from '@davit/core/testing'
import { pauseArchive } from './pause-image.js'

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('the image archive is the same at each making, and another for each architecture', () => {
  assert.ok(pauseArchive('amd64').equals(pauseArchive('amd64')))
  assert.not(pauseArchive('amd64').equals(pauseArchive('arm64')))
})

for (const architecture of ['amd64', 'arm64'] as const) {
  test(`the image for ${architecture} names its parts by their sums, and holds the program alone`, async (t) => {
    const directory = await t.directory()
    const read = (name: string): Promise<Buffer> => readFile(join(directory, name))
    await writeFile(join(directory, 'image.tar'), pauseArchive(architecture))
    execFileSync('tar', ['-xf', 'image.tar'], { cwd: directory })
    const [image] = JSON.parse((await read('manifest.json')).toString())
    assert.equal(image.RepoTags, ['davit.local/pause:1'])
    const config = await read(image.Config)
    assert.is(image.Config, `${sha256(config)}.json`)
    const described = JSON.parse(config.toString())
    assert.is(described.architecture, architecture)
    assert.equal(described.rootfs.diff_ids, [`sha256:${sha256(await read(image.Layers[0]))}`])
    assert.is(execFileSync('tar', ['-tf', image.Layers[0]], { cwd: directory, encoding: 'utf8' }), 'pause\n')
    execFileSync('tar', ['-xf', image.Layers[0]], { cwd: directory })
    assert.ok((await read('pause')).equals(pauseProgram(architecture)))
  })
}
