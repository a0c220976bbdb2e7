import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, test } from '@davit/core/testing'
import { startCluster } from '../cluster/testing.js'
import { create, podsPath, type Tree, until } from './objects.js'

test(
  'volumes under real containers: memory that ends, secrets off the disk, an emptyDir over its limit',
  async (t) => {
    const node = { name: 'one', runtime: 'cri-process', podCidr: '10.244.97.0/24' }
    const { connection, ...cluster } = await startCluster(t, {
      flags: { proxy: 'none' },
      plugins: [{ id: 'node-agent', config: { nodes: [node], clusterCidr: '10.244.97.0/24' } }],
    })
    const directory = join(cluster.directory, 'nodes', 'one')
    const pod = (name: string, script: string, volumes: Tree[], volumeMounts: Tree[]): Tree => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'none:1', command: ['/bin/sh', '-c', script], volumeMounts }],
        volumes,
      },
    })
    const over = (name: string) =>
      until(`Pod ${name} is over`, async () => {
        const { status } = await connection.json<Tree>('GET', `${podsPath}/${name}`)
        return (status.phase === 'Succeeded' || status.phase === 'Failed') && status
      })
    await create(connection, '/api/v1/namespaces/default/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'key' },
      stringData: { password: 'hunter2' },
    })
    const greedy = { name: 'x', emptyDir: { sizeLimit: '1Mi' } }
    const script = 'head -c 3000000 /dev/zero > /x/big; sleep 600'
    await create(connection, podsPath, pod('greedy', script, [greedy], [{ name: 'x', mountPath: '/x' }]))
    const memory = { name: 'm', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }
    const key = { name: 'key', secret: { secretName: 'key' } }
    const looks = 'cat /key/password; touch /key/new || echo refused; head -c 3000000 /dev/zero > /m/big || wc -c < /m/big'
    const mounts = [
      { name: 'm', mountPath: '/m' },
      { name: 'key', mountPath: '/key' },
    ]
    const made = await create(connection, podsPath, pod('looks', looks, [memory, key], mounts))
    assert.is((await over('looks')).phase, 'Succeeded')
    const said = (await connection.raw('GET', `${podsPath}/looks/log`)).body.toString()
    assert.match(said, 'hunter2')
    assert.match(said, 'refused')
    assert.match(said, '1048576')
    const table = await readFile('/proc/self/mountinfo', 'utf8')
    assert.match(table, `${directory}/memory `)
    assert.match(table, `${directory}/pods/${made.metadata.uid}/volumes/m `)

    const { phase, reason, message, conditions } = await over('greedy')
    assert.equal([phase, reason], ['Failed', 'Evicted'])
    assert.is(message, 'Usage of EmptyDir volume "x" exceeds the limit "1Mi". ')
    assert.is(conditions.find(({ type }: Tree) => type === 'DisruptionTarget').reason, 'TerminationByKubelet')
    const { items } = await connection.json<Tree>('GET', '/api/v1/namespaces/default/events?fieldSelector=reason=Evicted')
    assert.equal(items.length, 1)

    for (const name of ['looks', 'greedy']) await connection.json('DELETE', `${podsPath}/${name}?gracePeriodSeconds=0`)
    await until('nothing of the Pods is left', async () => {
      const left = await Promise.all(['pods', 'memory'].map((name) => readdir(join(directory, name))))
      return left.flat().length === 0
    })
    assert.not((await readFile('/proc/self/mountinfo', 'utf8')).includes(`${directory}/pods`))
  },
  { requires: ['root', 'netns'], timeoutMs: 60_000 },
)
