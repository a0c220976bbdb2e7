import type { ContainerConfig, SandboxConfig } from '@davit/core/node'
import { assert, test } from '@davit/core/testing'
import { containerOf, stateOf } from './containers.js'
import { translate } from './events.js'
import { label, type Sharing, sandboxOf, sharingOf } from './labels.js'
import { containerOptions, type SandboxNetwork, sandboxOptions } from './options.js'
import { limitsOf, limitsUpdate, oomScore } from './resources.js'
import { testConfig } from './testing.js'

const pod = { namespace: 'shop', name: 'web-1', uid: 'f00d' }
const apart: Sharing = { pid: 'container', ipc: 'pod' }
const mebi = 2 ** 20

function sandboxConfig(config: Partial<SandboxConfig> = {}): SandboxConfig {
  return {
    pod,
    attempt: 2,
    hostname: 'web-1',
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    labels: { app: 'web' },
    annotations: { note: '"quoted"' },
    dns: { servers: [], searches: ['shop.svc'], options: ['ndots:5'] },
    portMappings: [],
    sysctls: {},
    ...config,
  }
}

const byDocker: SandboxNetwork = { kind: 'docker', name: 'davit-net' }

function sandbox(config: Partial<SandboxConfig> = {}, sharing: Sharing = apart, network = byDocker) {
  const facts = { owner: { nodeName: 'n', directory: '/d' }, config: sandboxConfig(config), createdAt: 5, sharing }
  if (config.hostNetwork) return sandboxOptions({ ...facts, address: undefined }, { kind: 'host' })
  return sandboxOptions({ ...facts, address: '10.0.0.9' }, network)
}

const plain: ContainerConfig['security'] = {
  supplementalGroups: [],
  privileged: false,
  readOnlyRootFilesystem: false,
  noNewPrivileges: false,
  addCapabilities: [],
  dropCapabilities: [],
}

function container(config: Partial<ContainerConfig> = {}, sharing: Sharing = apart, imageUser?: string) {
  const base: ContainerConfig = {
    name: 'main',
    attempt: 1,
    image: 'app:1',
    command: [],
    args: [],
    workingDirectory: '',
    environment: [],
    mounts: [],
    labels: {},
    annotations: {},
    stdin: false,
    tty: false,
    resources: {},
    security: plain,
  }
  const facts = {
    owner: { nodeName: 'n', directory: '/d' },
    sandbox: { id: 'abc', pod },
    sharing,
    config: { ...base, ...config },
    createdAt: 6,
  }
  return containerOptions({ ...facts, ...(imageUser === undefined ? {} : { imageUser }) }, testConfig)
}

test('a sandbox holds the network with its address, the hostname and IPC to share', () => {
  const options = sandbox()
  assert.is(options.name, 'davit_POD_web-1_shop_f00d_2')
  assert.is(options.Hostname, 'web-1')
  assert.is(options.HostConfig?.NetworkMode, 'davit-net')
  assert.is(options.HostConfig?.IpcMode, 'shareable')
  assert.equal(options.NetworkingConfig, { EndpointsConfig: { 'davit-net': { IPAMConfig: { IPv4Address: '10.0.0.9' } } } })
  assert.equal(options.HostConfig?.DnsSearch, ['shop.svc'])
  assert.is(options.HostConfig?.OomScoreAdj, undefined)
})

test("a sandbox on the host's network has neither address nor hostname of its own", () => {
  const options = sandbox({ hostNetwork: true, hostIpc: true })
  assert.is(options.HostConfig?.NetworkMode, 'host')
  assert.is(options.HostConfig?.IpcMode, 'host')
  assert.is(options.Hostname, undefined)
  assert.is(options.NetworkingConfig, undefined)
})

test('a resolv.conf of its own leaves Docker nothing to write', () => {
  const options = sandbox({}, { ...apart, resolvConf: '/x/resolv' })
  assert.is(options.HostConfig?.DnsSearch, undefined)
  assert.is(options.HostConfig?.DnsOptions, undefined)
})

test('host ports are bound by protocol, several of one port too', () => {
  const port = (hostPort: number, protocol: 'TCP' | 'UDP', hostIp = '') => ({ containerPort: 80, hostPort, hostIp, protocol })
  const options = sandbox({ portMappings: [port(8080, 'TCP'), port(8081, 'TCP', '127.0.0.1'), port(53, 'UDP')] })
  assert.equal(options.ExposedPorts, { '80/tcp': {}, '80/udp': {} })
  assert.equal(options.HostConfig?.PortBindings, {
    '80/tcp': [
      { HostIp: '', HostPort: '8080' },
      { HostIp: '127.0.0.1', HostPort: '8081' },
    ],
    '80/udp': [{ HostIp: '', HostPort: '53' }],
  })
})

test('a sandbox is read back from its labels as it was', () => {
  const labels = sandbox({}, { pid: 'pod', ipc: 'host', resolvConf: '/r' }).Labels ?? {}
  assert.equal(sandboxOf('id', { ...labels, vendor: 'of the image' }, false), {
    id: 'id',
    pod,
    attempt: 2,
    state: 'notReady',
    createdAt: 5,
    ips: ['10.0.0.9'],
    labels: { app: 'web' },
    annotations: { note: '"quoted"' },
  })
  assert.equal(sharingOf(labels), { pid: 'pod', ipc: 'host', resolvConf: '/r' })
  assert.equal(sandboxOf('id', sandbox({ hostNetwork: true }).Labels ?? {}, true).ips, [])
})

test("a command replaces the image's entry point, arguments its command", () => {
  const of = (config: Partial<ContainerConfig>) => {
    const { Entrypoint, Cmd } = container(config)
    return [Entrypoint, Cmd]
  }
  assert.equal(of({}), [undefined, undefined])
  assert.equal(of({ command: ['a', 'b'] }), [['a', 'b'], undefined])
  assert.equal(of({ args: ['c'] }), [undefined, ['c']])
  assert.equal(of({ command: ['a'], args: ['c'] }), [['a'], ['c']])
})

test('containers join the sandbox in what the Pod shares', () => {
  const of = (sharing: Sharing) => {
    const { NetworkMode, IpcMode, PidMode } = container({}, sharing).HostConfig ?? {}
    return [NetworkMode, IpcMode, PidMode]
  }
  assert.equal(of(apart), ['container:abc', 'container:abc', undefined])
  assert.equal(of({ pid: 'pod', ipc: 'pod' }), ['container:abc', 'container:abc', 'container:abc'])
  assert.equal(of({ pid: 'host', ipc: 'host' }), ['container:abc', 'host', 'host'])
})

test('users and groups, the user of the image where only a group is told', () => {
  const of = (security: Partial<ContainerConfig['security']>, imageUser?: string) =>
    container({ security: { ...plain, ...security } }, apart, imageUser).User
  assert.is(of({}), undefined)
  assert.is(of({ runAsUser: 0 }), '0')
  assert.is(of({ runAsUser: 1, runAsGroup: 2 }), '1:2')
  assert.is(of({ runAsGroup: 2 }, 'nginx:www'), 'nginx:2')
  assert.is(of({ runAsGroup: 2 }, ''), '0:2')
})

test('security, terminal, environment and log reach Docker', () => {
  const options = container({
    tty: true,
    stdin: true,
    workingDirectory: '/srv',
    environment: [{ name: 'A', value: 'b=c' }],
    security: {
      ...plain,
      privileged: true,
      readOnlyRootFilesystem: true,
      noNewPrivileges: true,
      supplementalGroups: [7],
      addCapabilities: ['NET_ADMIN'],
      dropCapabilities: ['ALL'],
    },
  })
  assert.equal([options.Tty, options.OpenStdin, options.WorkingDir, options.Env], [true, true, '/srv', ['A=b=c']])
  const host = options.HostConfig
  assert.equal([host?.Privileged, host?.ReadonlyRootfs, host?.SecurityOpt], [true, true, ['no-new-privileges']])
  assert.equal([host?.GroupAdd, host?.CapAdd, host?.CapDrop], [['7'], ['NET_ADMIN'], ['ALL']])
  assert.equal(host?.LogConfig, { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } })
})

test("mounts are binds, and the Pod's resolv.conf is one of them unless the container has another", () => {
  const targets = (mounts: ContainerConfig['mounts'], resolvConf?: string) =>
    (container({ mounts }, { ...apart, ...(resolvConf === undefined ? {} : { resolvConf }) }).HostConfig?.Mounts ?? []).map(
      ({ Source, Target, ReadOnly }) => [Source, Target, ReadOnly],
    )
  const data = { hostPath: '/a:b', containerPath: '/data', readOnly: true }
  assert.equal(targets([data]), [['/a:b', '/data', true]])
  assert.equal(targets([data], '/r').at(-1), ['/r', '/etc/resolv.conf', false])
  const own = { hostPath: '/own', containerPath: '/etc/resolv.conf', readOnly: true }
  assert.equal(targets([own], '/r'), [['/own', '/etc/resolv.conf', true]])
})

test('limits become quota, weight and bytes without swap', () => {
  assert.equal(limitsOf({}), { CpuShares: 2 })
  assert.equal(limitsOf({ cpuShares: 512, cpuLimitMillis: 1500, memoryLimit: 64 * mebi, pidsLimit: 9 }), {
    CpuShares: 512,
    CpuPeriod: 100_000,
    CpuQuota: 150_000,
    Memory: 64 * mebi,
    MemorySwap: 64 * mebi,
    PidsLimit: 9,
  })
  assert.is(limitsOf({ cpuLimitMillis: 1 }).CpuQuota, 1_000, 'the least that the kernel takes')
})

test('an update says of every limit whether it is there', () => {
  const { Memory, MemorySwap, ...rest } = limitsUpdate({})
  assert.equal(rest, { CpuShares: 2, CpuPeriod: 100_000, CpuQuota: -1, PidsLimit: -1 })
  assert.is(MemorySwap, Memory)
  assert.ok(Memory > 2 ** 45 && Number.isSafeInteger(Memory))
  assert.is(limitsUpdate({ memoryLimit: mebi }).MemorySwap, mebi)
})

test('who asked for nothing goes first when memory runs out, and no score is negative', () => {
  const machine = 1000 * mebi
  assert.is(oomScore({}, machine), 1000)
  assert.is(oomScore({ cpuShares: 100 }, machine), 999)
  assert.is(oomScore({ cpuShares: 100, memoryRequest: 250 * mebi }, machine), 750)
  assert.is(oomScore({ cpuShares: 100, memoryRequest: 2000 * mebi }, machine), 2)
  assert.is(oomScore({ cpuShares: 100, cpuLimitMillis: 100, memoryLimit: mebi, memoryRequest: mebi }, machine), 0)
})

test("Docker's words for states become the contract's", () => {
  const words = ['created', 'running', 'paused', 'restarting', 'exited', 'dead', 'removing']
  assert.equal(words.map(stateOf), ['created', 'running', 'running', 'running', 'exited', 'exited', 'unknown'])
})

test('an end is Completed, an Error or OOMKilled, and times that never were are 0', () => {
  const inspect = (state: object) =>
    ({ Id: 'c', Config: { Labels: container().Labels }, State: { Error: '', ...state } }) as unknown as Parameters<
      typeof containerOf
    >[0]
  const never = '0001-01-01T00:00:00Z'
  const times = { StartedAt: '2026-01-01T00:00:00.123456789Z', FinishedAt: '2026-01-01T00:00:01Z' }
  const ended = (state: object) => containerOf(inspect({ Status: 'exited', OOMKilled: false, ...times, ...state }), 'image')
  assert.is(ended({ ExitCode: 0 }).reason, 'Completed')
  assert.is(ended({ ExitCode: 3 }).reason, 'Error')
  assert.is(ended({ ExitCode: 137, OOMKilled: true }).reason, 'OOMKilled')
  assert.is(ended({ ExitCode: 0 }).startedAt, Date.parse('2026-01-01T00:00:00.123Z'))
  const created = containerOf(inspect({ Status: 'created', ExitCode: 0, StartedAt: never, FinishedAt: never }), 'image')
  assert.equal([created.startedAt, created.finishedAt, created.reason, created.name, created.attempt], [0, 0, '', 'main', 1])
})

test('events speak of the Pod', () => {
  const of = (Action: string, Attributes: Record<string, string>) =>
    translate({ Action, Actor: { ID: 'c', Attributes } }, { nodeName: 'n', directory: '/d' })
  const labels = container().Labels ?? {}
  assert.equal(of('start', labels), { podUid: 'f00d', type: 'containerStarted' })
  assert.equal(of('die', labels), { podUid: 'f00d', type: 'containerExited' })
  assert.equal(of('destroy', labels), { podUid: 'f00d', type: 'containerRemoved' })
  assert.equal(of('die', sandbox().Labels ?? {}), { podUid: 'f00d', type: 'sandboxChanged' })
  assert.is(of('start', sandbox().Labels ?? {}), undefined, 'who started it knows')
  assert.is(of('die', { ...labels, [label.directory]: '/elsewhere' }), undefined, "another cluster's")
  assert.is(of('start', { [label.node]: 'n' }), undefined)
})
