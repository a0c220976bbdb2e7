// @serial machine
// @timeout 320
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { assert, test } from '@davit/core/testing'
import { Cluster, eventually, examples, readyPods, type Tree } from './cluster.js'

for (const runtime of ['docker', 'process'] as const) {
  test(
    `${runtime}: the guest book keeps what is written at its front, through its secret back end`,
    async (t) => {
      if (runtime === 'docker')
        await promisify(execFile)(process.execPath, [fileURLToPath(new URL('../../scripts/node-image.mjs', import.meta.url))])
      // Ranges of its own, beside whatever else this machine runs.
      const file = path.join(await t.directory(), 'cluster.yaml')
      const network = 'network: { podCidr: 172.30.0.0/16, serviceCidr: 10.99.0.0/16 }'
      await writeFile(file, `apiVersion: davit.dev/v1\nkind: ClusterConfig\n${network}\n`)
      const cluster = await Cluster.start('--config', file, '--runtime', runtime, '--proxy', 'iptables')
      t.defer(() => cluster.stop())
      await cluster.davit('apply', '-f', path.join(examples, 'guestbook'))
      await readyPods(cluster, 'guestbook', 3)
      const addressOf = async (service: string) =>
        (await cluster.connection.json<Tree>('GET', `/api/v1/namespaces/default/services/${service}`)).spec.clusterIP as string
      const [front, back] = [await addressOf('guestbook'), await addressOf('entries')]

      const page = await eventually('the front end answers', async () => {
        const answer = await exchange(front, 'GET')
        if (answer.code !== 200) throw new Error(`${answer.code}: ${answer.text}`)
        return answer
      })
      assert.match(page.text, '<h1>The book of the harbour</h1>')
      const written = await eventually('an entry is taken', () => exchange(front, 'POST', 'entry=%3Cb%3Eahoy'))
      assert.is(written.code, 303)
      // Each of the two front ends shows it, for it is kept behind them.
      const names = new Set<string>()
      await eventually('both front ends', async () => {
        const { text } = await exchange(front, 'GET')
        assert.match(text, '<li>&#60;b&#62;ahoy')
        names.add(/<small>(.*)<\/small>/.exec(text)?.[1] ?? '')
        return names.size === 2
      })
      assert.is((await exchange(back, 'GET')).code, 401, 'without the token the back end says nothing')

      const [pod] = await cluster.list('/api/v1/namespaces/default/pods?labelSelector=tier%3Dback')
      await cluster.davit('exec', pod?.metadata.name ?? '', '--', 'node', '-e', 'process.kill(+fs.readFileSync("/data/process"))')
      await eventually('the back end is started again', async () => {
        const now = await cluster.connection.json<Tree>('GET', `/api/v1/namespaces/default/pods/${pod?.metadata.name}`)
        return now.status.containerStatuses[0].restartCount === 1 && now.status.containerStatuses[0].ready
      })
      await eventually('the entry outlived the container', async () => (await exchange(front, 'GET')).text.includes('ahoy'))
    },
    { requires: [runtime === 'docker' ? 'docker' : 'netns', 'iptables', 'root'], timeoutMs: 150_000 },
  )
}

function exchange(host: string, method: string, body?: string): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, method, path: '/', agent: false, timeout: 3000 }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk
      })
      response.on('end', () => resolve({ code: response.statusCode ?? 0, text }))
    })
    request.on('timeout', () => request.destroy(new Error(`${host} did not answer`)))
    request.on('error', reject)
    request.end(body)
  })
}
