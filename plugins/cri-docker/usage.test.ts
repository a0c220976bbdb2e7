import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { assert, test } from '@davit/core/testing'
import { usageOf } from './usage.js'

const id = 'c0ffee'.repeat(10)

async function withFiles(files: Record<string, string>, run: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'davit-usage-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), text)
    }
    await run(root)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

test('version 1: a hierarchy for each controller, whatever they are mounted with', () =>
  withFiles(
    {
      'proc/7/cgroup': `12:cpu,cpuacct:/docker/${id}\n4:memory:/docker/${id}\n1:name=systemd:/docker/${id}\n0::/\n`,
      [`sys/fs/cgroup/cpuacct/docker/${id}/cpuacct.usage`]: '123456789\n',
      [`sys/fs/cgroup/memory/docker/${id}/memory.usage_in_bytes`]: '1000000\n',
      [`sys/fs/cgroup/memory/docker/${id}/memory.stat`]: 'cache 5\ninactive_file 7\ntotal_inactive_file 400000\n',
    },
    async (root) => assert.equal(await usageOf(7, id, root), { cpuNanoseconds: 123_456_789, memoryBytes: 600_000 }),
  ))

test('version 2: one hierarchy, also under a service manager', () =>
  withFiles(
    {
      'proc/7/cgroup': `0::/system.slice/docker-${id}.scope\n`,
      [`sys/fs/cgroup/system.slice/docker-${id}.scope/cpu.stat`]: 'usage_usec 1500\nuser_usec 1000\n',
      [`sys/fs/cgroup/system.slice/docker-${id}.scope/memory.current`]: '300\n',
      [`sys/fs/cgroup/system.slice/docker-${id}.scope/memory.stat`]: 'anon 1\ninactive_file 500\n',
    },
    async (root) => assert.equal(await usageOf(7, id, root), { cpuNanoseconds: 1_500_000, memoryBytes: 0 }),
  ))

test('a number that belongs to another process by now, or to none, has no usage', () =>
  withFiles({ 'proc/7/cgroup': '0::/user.slice\n', 'sys/fs/cgroup/user.slice/cpu.stat': 'usage_usec 1\n' }, async (root) => {
    assert.is(await usageOf(7, id, root), undefined)
    assert.is(await usageOf(8, id, root), undefined)
  }))
