/** A life of Davit that a test can end at any moment: makes what it is told, says so, and waits. */
import { createProcessDriver } from './driver.js'
import { containerConfig, sandboxConfig, testConfig, testRange, testServices } from './testing.js'

const [directory = '', ...scripts] = process.argv.slice(2)
const driver = createProcessDriver({ ...testServices, config: testConfig })
const signal = new AbortController().signal
const runtime = await driver.open({ nodeName: 'test', directory, podCidr: testRange, signal })
const sandbox = await runtime.runSandbox(sandboxConfig())
const ids: string[] = []
for (const [index, script] of scripts.entries()) {
  const id = await runtime.createContainer(sandbox, containerConfig(script, { name: `c${index}` }))
  await runtime.startContainer(id)
  ids.push(id)
}
console.log(JSON.stringify({ sandbox: sandbox.id, ids }))
