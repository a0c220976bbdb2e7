/** A containerd for tests: with its own directories, socket and CNI configuration, and an image of BusyBox. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { missing } from '@davit/core/testing'
import { command } from './command.js'
import { probe } from './probe.js'

export interface PrivateContainerd {
  readonly socket: string
  readonly cniDirectory: string
  readonly directory: string
  stop(): Promise<void>
  /** Ends it as a crash would; what it runs goes on. */
  kill(): Promise<void>
  start(): Promise<void>
  /** An image of BusyBox whose configuration has these settings. */
  importImage(name: string, settings: object): Promise<void>
}

const pluginDirectory = '/usr/lib/cni'
/** Where the Pods of tests get their addresses that have no network but the runtime's. */
export const cniRange = '10.197.1.0/24'
const cni = { name: `davit-test-${process.pid}`, bridge: `dvt-t${process.pid % 1_000_000}` }

/**
 * undefined: this machine has no containerd that tests could start; the tests then say so themselves. `connected`: it finds
 * a configuration of CNI; `between`: by which Pods reach each other, not only their node.
 */
export async function startContainerd({ connected = true, between = true } = {}): Promise<PrivateContainerd | undefined> {
  if (
    (await missing('root')) !== undefined ||
    (await command('containerd', ['--version']).catch(() => undefined)) === undefined
  ) {
    return undefined
  }
  const directory = await mkdtemp(join(tmpdir(), 'davit-containerd-'))
  const [socket, cniDirectory, config] = [join(directory, 'c.sock'), join(directory, 'cni'), join(directory, 'config.toml')]
  await mkdir(cniDirectory)
  if (connected) await writeFile(join(cniDirectory, '00-test.conflist'), conflist(between))
  await writeFile(config, configText(directory, socket, cniDirectory))
  let daemon: ChildProcess | undefined
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const child = daemon
    daemon = undefined
    if (!child) return
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
  }
  const containerd: PrivateContainerd = {
    socket,
    cniDirectory,
    directory,
    async start() {
      daemon = spawn('containerd', ['--config', config, '--log-level', 'warn'], { stdio: ['ignore', 'ignore', 'ignore'] })
      await answering(socket)
    },
    kill: () => end('SIGKILL'),
    importImage: (name, settings) => importImage(directory, socket, name, settings),
    async stop() {
      await end('SIGTERM')
      await removeMounts(directory)
      if (connected) await removeCni()
      await rm(directory, { recursive: true, force: true })
    },
  }
  await containerd.start()
  await makeLayer(join(directory, 'image'))
  await containerd.importImage('docker.io/library/busybox:1', { Cmd: ['sh'] })
  process.env.CONTAINERD_ADDRESS = socket
  return containerd
}

function conflist(between: boolean): string {
  const ipam = { type: 'host-local', ranges: [[{ subnet: cniRange }]], routes: [{ dst: '0.0.0.0/0' }] }
  const bridge = { type: 'bridge', bridge: cni.bridge, isGateway: true, hairpinMode: true, ipam }
  // The last lets Pods reach each other where the machine's policy is to drop, and costs each Pod several programs.
  const traffic = between ? [{ type: 'firewall' }] : []
  const plugins = [bridge, { type: 'portmap', capabilities: { portMappings: true } }, ...traffic]
  return JSON.stringify({ cniVersion: '0.4.0', name: cni.name, plugins })
}

async function removeCni(): Promise<void> {
  await command('ip', ['link', 'delete', cni.bridge]).catch(() => undefined)
  await rm(join('/var/lib/cni/networks', cni.name), { recursive: true, force: true })
}

function configText(directory: string, socket: string, cniDirectory: string): string {
  return `version = 2
root = "${directory}/root"
state = "${directory}/state"
[grpc]
  address = "${socket}"
[ttrpc]
  address = "${directory}/t.sock"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${pluginDirectory}"
    conf_dir = "${cniDirectory}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${directory}/opt"
`
}

async function answering(socket: string): Promise<void> {
  const deadline = performance.now() + 8_000
  for (;;) {
    const answer = await probe(socket, 1_000)
    if (answer.usable) return
    if (performance.now() > deadline) throw new Error(`the private containerd does not come up: ${answer.reason}`)
    await sleep(20)
  }
}

async function removeMounts(directory: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '')
  for (const mount of mounts.reverse()) {
    if (mount.startsWith(`${directory}/`)) await command('umount', ['--lazy', mount]).catch(() => undefined)
  }
}

/** A root file system of the machine's own static BusyBox, as one layer. */
async function makeLayer(image: string): Promise<void> {
  const root = join(image, 'root')
  for (const name of ['bin', 'etc', 'tmp', 'root']) await mkdir(join(root, name), { recursive: true })
  await command('cp', [(await command('sh', ['-c', 'command -v busybox'])).trim(), join(root, 'bin/busybox')])
  for (const name of (await command('busybox', ['--list'])).trim().split('\n')) {
    if (name !== 'busybox') await symlink('busybox', join(root, 'bin', name))
  }
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\ndaemon:x:33:34:daemon:/:/bin/false\n')
  await writeFile(join(root, 'etc/group'), 'root:x:0:\ndaemon:x:34:\n')
  await command('tar', ['-C', root, '-cf', join(image, 'layer.tar'), '.'])
}

/** Imports an image of that layer, in an archive as `docker save` would write it. */
async function importImage(directory: string, socket: string, name: string, settings: object): Promise<void> {
  const image = join(directory, 'image')
  const digest = createHash('sha256')
    .update(await readFile(join(image, 'layer.tar')))
    .digest('hex')
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Env: ['PATH=/bin'], ...settings },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  }
  await writeFile(join(image, 'config.json'), JSON.stringify(config))
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]
  await writeFile(join(image, 'manifest.json'), JSON.stringify(manifest))
  const archive = join(directory, 'image.tar')
  await command('tar', ['-C', image, '-cf', archive, 'config.json', 'manifest.json', 'layer.tar'])
  await command('ctr', ['--address', socket, '--namespace', 'k8s.io', 'images', 'import', archive])
}
