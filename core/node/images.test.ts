import { createClock } from '../kernel/clock.js'
import { assert, suite } from '../testing/contract.js'
import type { Runtime } from './contract.js'
import { RuntimeError } from './contract.js'
import { createImages, defaultPolicy } from './images.js'
import { container } from './testing.js'

const test = suite('images')

/** A runtime's image side: what is present, and pulls that end when the test says so. */
function store(present: readonly string[] = []) {
  const pulls: { image: string; signal: AbortSignal; end: (error?: Error) => void }[] = []
  const said: string[] = []
  const runtime = {
    image: async (name: string) => (present.includes(name) ? { id: name, size: 1, user: '' } : undefined),
    pullImage: (image: string, signal: AbortSignal) =>
      new Promise<string>((resolve, reject) => {
        pulls.push({ image, signal, end: (error) => (error ? reject(error) : resolve(image)) })
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  } as unknown as Runtime
  const events = {
    pulling: (image: string) => void said.push(`pulling ${image}`),
    pulled: (image: string) => void said.push(`pulled ${image}`),
    present: (image: string) => void said.push(`present ${image}`),
  }
  const images = createImages(runtime, createClock())
  const ensure = (policy: string | undefined, signal = new AbortController().signal) =>
    images.ensure(container('main', policy === undefined ? {} : { imagePullPolicy: policy }), events, signal)
  return { pulls, said, ensure }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('the policy that goes without saying', () => {
  const policies = ['nginx', 'nginx:latest', 'nginx:1', 'host:5000/a/b', 'host:5000/a/b:2', 'a@sha256:00'].map(defaultPolicy)
  assert.equal(policies, ['Always', 'Always', 'IfNotPresent', 'Always', 'IfNotPresent', 'IfNotPresent'])
})

test('what is present is not pulled, unless always', async () => {
  const { pulls, said, ensure } = store(['main:1'])
  await ensure('IfNotPresent')
  await ensure('Never')
  assert.equal(said, ['present main:1', 'present main:1'])
  const work = ensure('Always')
  await turn()
  pulls[0]?.end()
  await work
  assert.equal(said.slice(2), ['pulling main:1', 'pulled main:1'])
})

test('what must not be pulled and is missing is refused', async () => {
  const { ensure, pulls } = store()
  const error = await assert.rejects(ensure('Never'), 'not present with pull policy of Never')
  assert.is((error as RuntimeError).problem, 'ErrImageNeverPull')
  assert.is(pulls.length, 0)
})

test('those who want the same at once share one pull, and its failure', async () => {
  const { ensure, pulls } = store()
  const both = [ensure('IfNotPresent'), ensure('IfNotPresent')]
  await turn()
  assert.is(pulls.length, 1)
  pulls[0]?.end(new RuntimeError('ErrImagePull', 'no such image'))
  for (const work of both) await assert.rejects(work, 'no such image')
  const next = ensure('IfNotPresent')
  await turn()
  assert.is(pulls.length, 2, 'a pull that failed is not remembered')
  pulls[1]?.end()
  await next
})

test('a pull goes on while one still wants it, and is given up by the last', async () => {
  const { ensure, pulls } = store()
  const [first, second] = [new AbortController(), new AbortController()]
  const works = [ensure('Always', first.signal), ensure('Always', second.signal)]
  const ends = works.map((work) => assert.rejects(work, 'enough'))
  await turn()
  first.abort(new Error('enough'))
  await ends[0]
  assert.is(pulls[0]?.signal.aborted, false)
  second.abort(new Error('enough'))
  await ends[1]
  assert.is(pulls[0]?.signal.aborted, true)
})
