import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, test } from '../testing/contract.js'
import { pauseArchive, pauseImageId } from './pause-image.js'
import { type Architecture, pauseProgram } from './pause-program.js'
import { tarOf } from './tar.js'

const here: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'

async function inTemporaryDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'davit-pause-'))
  try {
    await run(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** What it waits for in the kernel, as soon as it does. */
async function sleeping(pid: number): Promise<void> {
  for (;;) {
    const state = /\) (\S)/.exec(await readFile(`/proc/${pid}/stat`, 'utf8'))?.[1]
    const command = await readFile(`/proc/${pid}/comm`, 'utf8')
    if (state === 'S' && command === 'pause\n') return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`the pause program waits, and exits with 0 on ${signal}`, () =>
    inTemporaryDirectory(async (directory) => {
      const file = join(directory, 'pause')
      await writeFile(file, pauseProgram(here), { mode: 0o755 })
      const child = spawn(file)
      const exit = once(child, 'exit')
      await sleeping(child.pid ?? 0)
      child.kill('SIGCHLD')
      child.kill('SIGCHLD')
      await sleeping(child.pid ?? 0)
      assert.is(child.exitCode, null, 'a SIGCHLD is not the end')
      child.kill(signal)
      assert.equal(await exit, [0, null])
    }))
}

test('both programs are small static executables of their machine', () => {
  for (const [architecture, machine] of [
    ['amd64', 62],
    ['arm64', 183],
  ] as const) {
    const program = pauseProgram(architecture)
    assert.is(program.subarray(0, 4).toString('latin1'), '\x7fELF')
    assert.is(program.readUInt16LE(18), machine)
    assert.is(program.readBigUInt64LE(24), 0x40_0000n + 120n, 'it starts behind its headers')
    assert.is(program.readBigUInt64LE(64 + 32), BigInt(program.length), 'the whole file is mapped')
    assert.ok(program.length < 300, `${program.length} bytes`)
  }
})

test("every branch of the arm64 program goes where its line says, counted in the code's words", () => {
  const program = pauseProgram('arm64')
  const word = (index: number): number => program.readUInt32LE(120 + index * 4)
  const [wait, reap] = [9, 21]
  const signed = (value: number, bits: number): number => (value >= 2 ** (bits - 1) ? value - 2 ** bits : value)
  const conditional = (index: number): number => index + signed((word(index) >>> 5) & 0x7_ffff, 19)
  assert.is(conditional(16), reap, 'b.eq reap')
  assert.is(17 + signed((word(17) >>> 5) & 0x3fff, 14), wait, 'tbnz wait')
  assert.is(conditional(28), reap, 'b.gt reap')
  assert.is(29 + signed(word(29) & 0x3ff_ffff, 26), wait, 'b wait')
})

test('tar reads what was written, with modes and lengths', () =>
  inTemporaryDirectory(async (directory) => {
    const files = [
      { name: 'empty', mode: 0o644, content: Buffer.alloc(0) },
      { name: 'block', mode: 0o600, content: Buffer.alloc(512, 'b') },
      { name: 'folder/more', mode: 0o755, content: Buffer.alloc(513, 'm') },
    ]
    await writeFile(join(directory, 'all.tar'), tarOf(files))
    const listed = execFileSync('tar', ['-tvf', join(directory, 'all.tar')], { encoding: 'utf8' })
      .trim()
      .split('\n')
    assert.match(listed[0] ?? '', /^-rw-r--r-- 0\/0\s+0 1970-01-01 .* empty$/)
    assert.match(listed[1] ?? '', /^-rw------- 0\/0\s+512 .* block$/)
    assert.match(listed[2] ?? '', /^-rwxr-xr-x 0\/0\s+513 .* folder\/more$/)
    execFileSync('tar', ['-xf', join(directory, 'all.tar'), '-C', directory])
    for (const { name, content } of files) assert.ok((await readFile(join(directory, name))).equals(content), name)
  }))

test('a name that does not fit is refused, not cut', () => {
  assert.throws(() => tarOf([{ name: 'x'.repeat(100), mode: 0o644, content: Buffer.alloc(0) }]), /too long/)
})

test('the image archive is the same at each making, and named as its configuration hashes', () =>
  inTemporaryDirectory(async (directory) => {
    const archive = pauseArchive('amd64', 'example.com/pause:1')
    assert.ok(archive.equals(pauseArchive('amd64', 'example.com/pause:1')))
    await writeFile(join(directory, 'image.tar'), archive)
    const read = (name: string) => execFileSync('tar', ['-xOf', join(directory, 'image.tar'), name], { encoding: 'utf8' })
    const [manifest] = JSON.parse(read('manifest.json')) as [{ Config: string; RepoTags: string[]; Layers: string[] }]
    assert.equal(manifest.RepoTags, ['example.com/pause:1'])
    assert.is(`sha256:${manifest.Config.replace('.json', '')}`, pauseImageId('amd64'))
    const { rootfs, config } = JSON.parse(read(manifest.Config)) as Record<string, Record<string, string[]>>
    assert.equal(config?.Entrypoint, ['/pause'])
    await writeFile(join(directory, 'layer.tar'), execFileSync('tar', ['-xOf', join(directory, 'image.tar'), 'layer.tar']))
    const sum = execFileSync('sha256sum', [join(directory, 'layer.tar')], { encoding: 'utf8' }).split(' ')[0]
    assert.equal(rootfs?.diff_ids, [`sha256:${sum}`])
  }))
