// @serial machine
// @timeout 300
import { readdir, readFile } from 'node:fs/promises'
import type { Tree } from './cluster.js'
import { helloSuite } from './hello.js'

/** Process id and start time of each server of the example, by the name of its Pod. */
async function servers(): Promise<ReadonlyMap<string, { readonly pid: number; readonly started: string }>> {
  const found = new Map<string, { pid: number; started: string }>()
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const read = (file: string) => readFile(`/proc/${entry}/${file}`, 'utf8').catch(() => '')
    const [program, ...rest] = (await read('cmdline')).split('\0')
    if (!program?.endsWith('node') || rest[0] !== '/app/server.mjs') continue
    const pod = /(?:^|\0)POD_NAME=([^\0]+)/.exec(await read('environ'))?.[1]
    const stat = await read('stat')
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
    if (pod) found.set(pod, { pid: Number(entry), started })
  }
  return found
}

async function serverOf({ metadata: { name } }: Tree): Promise<{ readonly pid: number; readonly started: string }> {
  const server = (await servers()).get(name)
  if (!server) throw new Error(`no process of Pod ${name}`)
  return server
}

helloSuite({
  runtime: 'process',
  requires: ['iptables', 'root', 'netns'],
  prepare: async () => undefined,
  async killContainer(pod) {
    process.kill((await serverOf(pod)).pid, 'SIGKILL')
  },
  async running(pods) {
    const found = await Promise.all(pods.map(serverOf))
    return found.map(({ pid, started }) => `${pid} ${started}`).sort()
  },
})
