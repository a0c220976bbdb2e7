// Makes the image davit.local/node:20 out of this machine's own Node and the libraries it needs, so that the examples
// run in Docker or containerd without a registry. Prints what it did.
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const nodeImage = 'davit.local/node:20'
const socketPath = /^unix:\/\/(.+)/.exec(process.env.DOCKER_HOST ?? '')?.[1] ?? '/var/run/docker.sock'

function docker(method, target, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { socketPath, method, path: target, headers: body ? { 'content-type': 'application/x-tar' } : {} },
      (response) => {
        const chunks = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () => resolve({ code: response.statusCode, text: Buffer.concat(chunks).toString() }))
      },
    )
    request.on('error', reject)
    if (body) body.pipe(request)
    else request.end()
  })
}

/** True when a Docker daemon answers. */
export async function dockerAnswers() {
  try {
    return (await docker('GET', '/_ping')).code === 200
  } catch {
    return false
  }
}

async function rootFileSystem(directory) {
  const node = await realpath(process.execPath)
  const { stdout } = await promisify(execFile)('ldd', [node])
  const libraries = [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, file]) => file)
  for (const library of libraries) {
    const target = path.join(directory, library)
    await mkdir(path.dirname(target), { recursive: true })
    await copyFile(await realpath(library), target)
  }
  for (const folder of ['bin', 'etc', 'root', 'tmp', 'usr/local/bin', 'app'])
    await mkdir(path.join(directory, folder), { recursive: true })
  await copyFile(node, path.join(directory, 'usr/local/bin/node'))
  await symlink('/usr/local/bin/node', path.join(directory, 'bin/node'))
  await writeFile(path.join(directory, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n')
  await addShell(directory)
}

/** A shell, where this machine has a static busybox: for `exec -it … sh`. */
async function addShell(directory) {
  try {
    await copyFile('/bin/busybox', path.join(directory, 'bin/busybox'))
  } catch {
    return
  }
  for (const name of ['sh', 'ls', 'cat', 'ps', 'sleep', 'wget', 'nslookup', 'env', 'hostname']) {
    await symlink('/bin/busybox', path.join(directory, 'bin', name))
  }
}

/** Imports an image made by `fill` into Docker unless it is there; answers whether it had to. */
async function ensureImage(image, fill) {
  if ((await docker('GET', `/images/${image}/json`)).code === 200) return false
  const directory = await mkdtemp(path.join(tmpdir(), 'davit-image-'))
  try {
    await fill(directory)
    const tar = spawn('tar', ['-C', directory, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [repository, tag] = image.split(':')
    const reply = await docker('POST', `/images/create?fromSrc=-&repo=${repository}&tag=${tag}`, tar.stdout)
    if (reply.code !== 200 || reply.text.includes('"error"')) throw new Error(`docker refused the image: ${reply.text}`)
    return true
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const run = promisify(execFile)
const ctr = (...words) => run('ctr', ['--address', '/run/containerd/containerd.sock', '--namespace', 'k8s.io', ...words])

/** The same for containerd, whose own tool takes the archives of `docker save`. */
async function ensureContainerdImage(image, fill) {
  if ((await ctr('images', 'ls', '-q')).stdout.split('\n').includes(image)) return false
  const directory = await mkdtemp(path.join(tmpdir(), 'davit-image-'))
  try {
    const [files, archive] = [path.join(directory, 'files'), path.join(directory, 'image.tar')]
    await mkdir(files)
    await fill(files)
    await run('tar', ['-C', files, '-cf', path.join(directory, 'layer.tar'), '.'])
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(path.join(directory, 'layer.tar'))) hash.update(chunk)
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch
    const rootfs = { type: 'layers', diff_ids: [`sha256:${hash.digest('hex')}`] }
    await writeFile(path.join(directory, 'config.json'), JSON.stringify({ architecture, os: 'linux', config: {}, rootfs }))
    const manifest = [{ Config: 'config.json', RepoTags: [image], Layers: ['layer.tar'] }]
    await writeFile(path.join(directory, 'manifest.json'), JSON.stringify(manifest))
    await run('tar', ['-C', directory, '-cf', archive, 'manifest.json', 'config.json', 'layer.tar'])
    await ctr('images', 'import', archive)
    return true
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The image of the examples, in Docker. */
export const ensureNodeImage = () => ensureImage(nodeImage, rootFileSystem)

/** The same for a node of `runtime`, "docker://28.2.2"; processes need no image. Answers whether it had to be made. */
export async function ensureNodeImageFor(runtime) {
  if (runtime.startsWith('docker:')) return ensureNodeImage()
  if (runtime.startsWith('containerd:')) return ensureContainerdImage(nodeImage, rootFileSystem)
  return false
}

/** The image that the tests on Docker use, out of this machine's static busybox. */
export const ensureBusyboxImage = () => ensureImage('busybox:1', busyboxFileSystem)

async function busyboxFileSystem(directory) {
  for (const folder of ['bin', 'etc', 'root', 'tmp']) await mkdir(path.join(directory, folder))
  await copyFile('/bin/busybox', path.join(directory, 'bin/busybox'))
  const { stdout } = await promisify(execFile)('/bin/busybox', ['--list'])
  for (const name of stdout.split('\n').filter((line) => line !== '' && line !== 'busybox')) {
    await symlink('busybox', path.join(directory, 'bin', name))
  }
  await writeFile(path.join(directory, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n')
  await writeFile(path.join(directory, 'etc/group'), 'root:x:0:\nnobody:x:65534:\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write((await ensureNodeImage()) ? `made ${nodeImage}\n` : `${nodeImage} is there\n`)
}
