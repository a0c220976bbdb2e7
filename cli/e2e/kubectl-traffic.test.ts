// @serial machine
// @timeout 300
import { assert, test } from '@davit/core/testing'
import { eventually, fetchText, type Tree } from './cluster.js'
import { deployment, onDocker, prepareImage, service, startKube, warnings, webServer } from './kubectl.js'

test(
  'a roll-out under traffic fails no request',
  async (t) => {
    await prepareImage()
    const { cluster, kubectl } = await startKube(t)
    const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
    await kubectl.apply(deployment('web', 3, webServer, { strategy }), service('web'))
    await kubectl.said('rollout', 'status', 'deployment/web', '--timeout=60s')
    const url = `http://${(await kubectl.json('service', 'web')).spec.clusterIP}/`
    await eventually('an answer', () => fetchText(url))

    const old = await namesOf()
    const failures: string[] = []
    const answers = new Map<string, number>()
    let over = false
    const visitors = Array.from({ length: 4 }, async () => {
      while (!over) {
        await fetchText(url, 10_000).then(
          (name) => answers.set(name, (answers.get(name) ?? 0) + 1),
          (error: unknown) => failures.push(String(error)),
        )
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })
    t.defer(() => (over = true))
    await kubectl.said('rollout', 'restart', 'deployment/web')
    await kubectl.said('rollout', 'status', 'deployment/web', '--timeout=90s')
    const renewed = await eventually('only new Pods', async () => {
      const names = await namesOf()
      return names.length === 3 && !names.some((name) => old.includes(name)) && names
    })
    await eventually('an answer of each', async () => renewed.every((name) => answers.has(name)))
    over = true
    await Promise.all(visitors)
    const total = [...answers.values()].reduce((sum, count) => sum + count, 0)
    assert.equal(failures, [], `of ${total} requests`)
    assert.ok(total > 200, `only ${total} requests`)
    assert.ok(
      old.every((name) => answers.has(name)),
      'the old ones served too',
    )
    assert.equal(warnings(cluster), [])

    async function namesOf(): Promise<string[]> {
      return (await kubectl.json('pods', '-l', 'app=web')).items.map((pod: Tree) => pod.metadata.name)
    }
  },
  onDocker,
)

test(
  'services: on the port of every node, the same Pod for the same client, and a refusal where nobody answers',
  async (t) => {
    await prepareImage()
    const { cluster, kubectl } = await startKube(t, '--nodes', '2')
    await kubectl.apply(
      deployment('web', 3, webServer),
      service('web', { type: 'NodePort' }),
      service('sticky', { selector: { app: 'web' }, sessionAffinity: 'ClientIP' }),
      service('nobody'),
      service('headless', { selector: { app: 'web' }, clusterIP: 'None' }),
    )
    await kubectl.said('rollout', 'status', 'deployment/web', '--timeout=60s')
    const addressOf = async (name: string): Promise<string> => (await kubectl.json('service', name)).spec.clusterIP

    const { nodePort } = (await kubectl.json('service', 'web')).spec.ports[0]
    for (const node of (await kubectl.json('nodes')).items) {
      const { address } = node.status.addresses.find((item: Tree) => item.type === 'InternalIP')
      assert.match(await eventually('an answer at the node', () => fetchText(`http://${address}:${nodePort}/`)), 'web-')
    }

    const plain = `http://${await addressOf('web')}/`
    const all = new Set<string>()
    await eventually('an answer of each', async () => all.add(await fetchText(plain)).size === 3)
    const sticky = `http://${await addressOf('sticky')}/`
    const same = new Set<string>()
    for (let turn = 0; turn < 12; turn++) same.add(await fetchText(sticky))
    assert.is(same.size, 1)

    const begun = performance.now()
    const refused = await assert.rejects(fetchText(`http://${await addressOf('nobody')}/`, 5000))
    assert.match(String(refused), 'ECONNREFUSED')
    assert.ok(performance.now() - begun < 1000, 'at once')

    const [pod] = (await kubectl.json('pods', '-l', 'app=web')).items
    const inside = (url: string) =>
      kubectl.said('exec', pod.metadata.name, '--', 'node', '-e', `fetch('${url}').then((r) => r.text()).then(console.log)`)
    assert.match(await inside(plain), 'web-')
    const own = await kubectl.json('endpointslices', '-l', 'kubernetes.io/service-name=headless')
    assert.is(own.items.flatMap((slice: Tree) => slice.endpoints).length, 3)

    await kubectl.said('scale', 'deployment/web', '--replicas=0')
    await eventually('a refusal', async () => /ECONNREFUSED/.test(await fetchText(plain).catch(String)))
    await kubectl.said('scale', 'deployment/web', '--replicas=1')
    assert.match(await eventually('an answer again', () => fetchText(plain)), 'web-')
    assert.equal(warnings(cluster), [])
  },
  onDocker,
)
