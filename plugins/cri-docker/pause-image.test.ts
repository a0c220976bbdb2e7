// @serial machine
import { pauseImageId } from '@davit/core/node'
import { assert, test } from '@davit/core/testing'
import { connectEngine } from './engine.js'
import { loadPauseImage } from './pause-image.js'
import { testConfig } from './testing.js'

test(
  'Docker calls the image what its content hashes to, and takes it again without making another',
  async (t) => {
    const engine = await connectEngine(testConfig.socketPath)
    t.defer(() => engine.close())
    const { Arch } = await engine.version()
    assert.ok(Arch === 'amd64' || Arch === 'arm64', Arch)
    // Under a name of its own: the real one may be in use.
    const name = `davit.local/pause-test:${process.pid}`
    t.defer(() => engine.docker.getImage(name).remove())
    for (let turn = 0; turn < 3; turn += 1) await loadPauseImage(engine, name)
    const { Id, Config } = await engine.docker.getImage(name).inspect()
    assert.is(Id, pauseImageId(Arch))
    assert.equal(Config.Entrypoint, ['/pause'])
  },
  { requires: ['docker'] },
)
