import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, test } from '@davit/core/testing'
import { addressText, createPool, gatewayOf, parseRange } from './addresses.js'
import { settings, weightOf } from './cgroups.js'
import { findControllers } from './controllers.js'
import { makePoint, parseMounts } from './layers.js'
import { machineOf, readMachine, withoutPrivileges } from './machine.js'
import { readMarks } from './marks.js'
import { capabilitiesOf, rightsOf, userOf } from './rights.js'
import { hidesSystem } from './root-tree.js'
import { resolvConfText } from './sandboxes.js'
import { loopbackRange } from './state.js'
import { findTail } from './tail.js'
import { containerConfig } from './testing.js'
import { encodeWords } from './words.js'

const { security } = containerConfig('')

test('addresses: the range, its gateway, and every other one once', () => {
  const range = parseRange('10.1.2.0/28')
  assert.is(gatewayOf(range), '10.1.2.1')
  const pool = createPool(range)
  const taken = Array.from({ length: 13 }, () => pool.take())
  assert.equal(
    taken,
    Array.from({ length: 13 }, (_, index) => `10.1.2.${index + 2}`),
  )
  assert.throws(() => pool.take(), 'all 13 addresses of the node are in use')
  pool.release('10.1.2.9')
  assert.is(pool.take(), '10.1.2.9')
})

test('a mount point in a volume is made there, and not where a link in it leads', async (t) => {
  const root = await t.directory()
  const [volume, outside] = [join(root, 'volume'), join(root, 'outside')]
  await mkdir(volume)
  await mkdir(outside)
  await symlink(outside, join(volume, 'link'))
  await makePoint(volume, '', '/a/file', false)
  assert.ok((await stat(join(volume, 'a/file'))).isFile())
  await assert.rejects(makePoint(volume, '', '/link/inner', true), 'link is a link')
  assert.equal(await readdir(outside), [])
})

test('a released address rests while there are others, and a claimed one is never given', () => {
  const pool = createPool(parseRange('10.1.2.0/29'))
  pool.claim('10.1.2.3')
  const first = pool.take()
  pool.release(first)
  assert.equal([first, pool.take(), pool.take(), pool.take()], ['10.1.2.2', '10.1.2.4', '10.1.2.5', '10.1.2.6'])
  assert.is(pool.take(), '10.1.2.2')
})

test('what is no range is said to be none', () => {
  for (const text of ['', '10.0.0.0', '10.0.0.0/33', '10.0.0.300/24', 'fd00::/64', '10.0.0.0/31']) {
    assert.throws(() => parseRange(text), 'not a range of addresses')
  }
  assert.is(addressText(loopbackRange('10.244.7.0/24').first), '127.244.7.0')
})

test('words come out of a shell as they went in', () => {
  const words = [
    '',
    'plain',
    ' spaces  ',
    'a\nb',
    '\n',
    '\n\n',
    '=x',
    '+y',
    'back\\slash',
    '"$HOME" `id`',
    'Ё\u0081ü',
    '-n',
    '*',
    'end\n',
  ]
  const script = `
item= some=
while IFS= read -r line; do
  case $line in
    =*) [ -n "$some" ] && set -- "$@" "$item"; some=1; item=\${line#=} ;;
    *) item="$item
\${line#+}" ;;
  esac
done
[ -n "$some" ] && set -- "$@" "$item"
exec printf '%s\\0' "$@"`
  const out = execFileSync('/bin/sh', ['-c', script], { input: encodeWords(words) }).toString()
  assert.equal(out.split('\0').slice(0, -1), words)
})

test('limits, as both versions of control groups are told them', () => {
  const parents = { cpu: 'C', memory: 'M', pids: 'P' }
  const resources = { cpuShares: 512, cpuLimitMillis: 250, memoryLimit: 1000, pidsLimit: 10 }
  assert.equal(settings({ version: 1 }, parents, resources), [
    ['C', 'cpu.shares', '512'],
    ['C', 'cpu.cfs_quota_us', '25000'],
    ['M', 'memory.limit_in_bytes', '1000'],
    ['P', 'pids.max', '12'],
  ])
  assert.equal(settings({ version: 2 }, parents, resources), [
    ['C', 'cpu.weight', '20'],
    ['C', 'cpu.max', '25000 100000'],
    ['M', 'memory.max', '1000'],
    ['P', 'pids.max', '12'],
  ])
  assert.equal(settings({ version: 2 }, parents, {}), [])
  assert.equal([weightOf(2), weightOf(262_144)], [1, 10_000])
})

test('control groups that are not all there, or may not be written, are none', () => {
  const line = (path: string, type: string, options: string): string => `1 2 0:1 / ${path} rw - ${type} x ${options}`
  const some = [line('/no/cpu', 'cgroup', 'rw,cpu,cpuacct'), line('/no/memory', 'cgroup', 'rw,memory')]
  assert.is(findControllers(some.join('\n')), undefined)
  assert.is(findControllers([...some, line('/no/pids', 'cgroup', 'rw,pids')].join('\n')), undefined)
  assert.is(findControllers(line('/no/unified', 'cgroup2', 'rw')), undefined)
  assert.is(findControllers(''), undefined)
})

test('mounts are read with their spaces', () => {
  const text = '36 25 0:32 / /a\\040b rw,relatime shared:1 - ext4 /dev/x rw\n37 25 0:33 / /c rw - tmpfs tmpfs rw\n'
  assert.equal(parseMounts(text), [
    { path: '/a b', type: 'ext4' },
    { path: '/c', type: 'tmpfs' },
  ])
})

test('a volume must not take the place of what starts a container', () => {
  for (const path of ['/', '/usr', '/usr/bin', '/usr/bin/env', '/etc', '/etc/ld.so.preload', '/usr/lib/x/libc.so', '/proc/1']) {
    assert.ok(hidesSystem(path), path)
  }
  for (const path of ['/data', '/etc/hosts', '/usr/local/bin', '/usr/share/nginx/html', '/var/lib/x', '/dev/termination-log']) {
    assert.not(hidesSystem(path), path)
  }
})

test('capabilities: the usual ones, what is added, what is dropped', () => {
  const of = (add: readonly string[], drop: readonly string[], privileged = false) =>
    capabilitiesOf({ ...security, addCapabilities: add, dropCapabilities: drop, privileged })
  assert.is(of([], []).length, 14)
  assert.equal(of(['NET_ADMIN', 'CAP_KILL'], ['ALL']), ['kill', 'net_admin'])
  assert.not(of([], ['NET_RAW']).includes('net_raw'))
  assert.is(of(['ALL'], []), 'all')
  assert.is(of([], [], true), 'all')
  assert.throws(() => of(['SYS_MAGIC'], []), 'there is no capability SYS_MAGIC')
})

test('rights, as setpriv is told them; and none without privileges', async () => {
  const machine = machineOf({ ...readMachine(), users: true })
  const wish = {
    ...security,
    runAsUser: 65_534,
    runAsGroup: 7,
    supplementalGroups: [8, 9],
    dropCapabilities: ['ALL'],
    noNewPrivileges: true,
  }
  const user = await userOf(wish)
  assert.equal(rightsOf(wish, user, machine), [
    '--reuid=65534',
    '--regid=7',
    '--groups=8,9',
    '--inh-caps=-all',
    '--bounding-set=-all',
    '--no-new-privs',
  ])
  const root = await userOf({ ...security, runAsUser: 0 })
  assert.equal(root, { uid: 0, gid: 0, home: '/root' })
  assert.equal(rightsOf(security, root, withoutPrivileges(machine)), [])
  assert.throws(() => rightsOf(wish, user, withoutPrivileges(machine)), 'run as user 65534')
})

test('what a machine supports follows from what it allows', () => {
  const machine = readMachine()
  const bare = withoutPrivileges(machine).supports
  for (const name of ['podNetwork', 'mounts', 'users', 'capabilities', 'readOnlyRootFilesystem', 'resourceLimits', 'images']) {
    assert.is(bare[name], false, name)
  }
  for (const name of ['exec', 'attach', 'logs', 'portForward', 'adoption']) assert.is(bare[name], true, name)
})

test('resolv.conf', () => {
  assert.is(resolvConfText({ servers: ['1.1.1.1'], searches: ['a', 'b'], options: [] }), 'nameserver 1.1.1.1\nsearch a b\n')
  assert.is(resolvConfText({ servers: [], searches: [], options: [] }), '')
})

test('a tail is where so many lines begin, in whichever file', async () => {
  const log = await mkdtemp(join(tmpdir(), 'davit-tail-'))
  try {
    await writeFile(join(log, '3'), 'one\ntwo\nthr')
    await writeFile(join(log, '4'), 'ee\nfour\n')
    await writeFile(join(log, '5'), '')
    const at = (lines: number) => findTail(log, [3, 4, 5], lines)
    assert.equal(await at(0), { number: 5, offset: 0 })
    assert.equal(await at(1), { number: 4, offset: 3 })
    assert.equal(await at(2), { number: 3, offset: 8 })
    assert.equal(await at(3), { number: 3, offset: 4 })
    assert.equal(await at(4), { number: 3, offset: 0 })
    assert.equal(await at(99), { number: 3, offset: 0 })
  } finally {
    await rm(log, { recursive: true })
  }
})

test('a line was written at the first mark behind its beginning', async () => {
  const log = await mkdtemp(join(tmpdir(), 'davit-marks-'))
  try {
    await writeFile(join(log, 'marks0'), '')
    await writeFile(join(log, '0'), 'text')
    const marks = await mkdtemp(join(log, 'm'))
    await writeFile(join(marks, '0'), '10 1000\n20 2000\n')
    const timeOf = await readMarks({ log, marks }, 0)
    assert.equal([0, 9, 10, 19].map(timeOf), [1000, 1000, 2000, 2000])
    assert.ok(timeOf(20) > 1_000_000)
  } finally {
    await rm(log, { recursive: true })
  }
})
