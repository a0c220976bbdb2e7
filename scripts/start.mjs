// `npm start`: everything from a fresh clone to a running cluster with an application in it. Stays in the foreground;
// Ctrl-C stops the cluster and removes what it made.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureNodeImageFor } from './node-image.mjs'
import { prepare } from './prepare.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const davit = path.join(root, 'cli/bin/davit.js')
const data = path.join(root, '.davit')
const kubeconfig = path.join(data, 'kubeconfig')
const say = (text) => process.stdout.write(`${text}\n`)
const step = (text) => say(`\x1b[1m▸\x1b[0m ${text}`)

async function portIsFree(port) {
  const server = net.createServer()
  const outcome = await new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  server.close()
  return outcome
}

async function run(args) {
  const child = spawn(process.execPath, [davit, ...args, '--kubeconfig', kubeconfig], { stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`davit ${args.join(' ')} failed with exit code ${code}`)
  return Buffer.concat(chunks).toString().trimEnd()
}

async function startCluster() {
  const port = (await portIsFree(6443)) ? 6443 : 0
  const args = [
    'up',
    '--data-dir',
    data,
    '--kubeconfig',
    kubeconfig,
    '--port',
    String(port),
    '--ephemeral',
    ...process.argv.slice(2),
  ]
  const child = spawn(process.execPath, [davit, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.pipe(process.stdout)
  await new Promise((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
      if (text.includes('ready: ')) resolve()
    })
    child.once('exit', (code) => reject(new Error(`the cluster did not start (exit code ${code})`)))
  })
  return child
}

const get = async (...words) => JSON.parse(await run(['get', ...words, '-o', 'json']))
const pause = () => new Promise((resolve) => setTimeout(resolve, 300))

/** What the node runs containers with: "docker://28.2.2". */
async function runtimeOf(child) {
  for (;;) {
    const runtime = (await get('nodes')).items[0]?.status.nodeInfo?.containerRuntimeVersion
    if (runtime) return runtime
    if (child.exitCode !== null) throw new Error('the cluster ended')
    await pause()
  }
}

async function untilReady(child) {
  for (;;) {
    const hello = await get('deployment/hello')
    const ready = hello.status?.readyReplicas ?? 0
    if (ready >= hello.spec.replicas) return
    if (child.exitCode !== null) throw new Error('the cluster ended')
    process.stdout.write(`\r\x1b[K  ${ready} of ${hello.spec.replicas} Pods are ready${await hindrance()}`)
    await pause()
  }
}

/** Why a Pod waits, where its container says so: " (ErrImagePull: …)". */
async function hindrance() {
  const { items } = await get('pods', '-l', 'app=hello')
  const statuses = items.flatMap(({ status }) => status.containerStatuses ?? [])
  const waiting = statuses.map(({ state }) => state?.waiting).find((wait) => wait?.message)
  return waiting ? ` (${waiting.reason}: ${waiting.message})` : ''
}

async function main() {
  await prepare({ say: step })
  if (!existsSync(davit)) throw new Error('the build made no davit command')
  step('starting a cluster')
  const child = await startCluster()
  let stopping = false
  process.on('SIGINT', () => {
    stopping = true
  })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  try {
    const runtime = await runtimeOf(child)
    if (await ensureNodeImageFor(runtime)) step("made an image of this machine's Node for the example")
    step('applying examples/hello')
    say(await run(['apply', '-f', path.join(root, 'examples/hello')]))
    await untilReady(child)
    say('\n')
    say(await run(['get', 'pods', '-o', 'wide']))
    say('')
    say(await run(['get', 'service/hello']))
    const { clusterIP } = (await get('service/hello')).spec
    say(`
runtime     ${runtime}
service     http://${clusterIP}/     (curl it a few times: three Pods answer)
kubeconfig  ${kubeconfig}

try next:
  export KUBECONFIG=${kubeconfig}
  kubectl get pods -w                       or: node cli/bin/davit.js get pods
  kubectl scale deployment hello --replicas 5
  kubectl delete pod -l app=hello           (and watch them come back)
  node cli/bin/davit.js plugin list

Ctrl-C stops the cluster and removes its containers.`)
  } catch (error) {
    // Ctrl-C ends what was just being asked, too.
    if (!stopping) {
      process.stderr.write(`error: ${error.message}\n`)
      process.exitCode = 1
    }
    child.kill('SIGTERM')
  }
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
  process.exitCode ||= code ?? 0
}

await main()
