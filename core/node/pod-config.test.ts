import type { Pod } from '../kinds/contract.js'
import { assert, suite } from '../testing/contract.js'
import { asksForSeccomp, containerConfig, containerResources } from './container-config.js'
import { hostNetworkHosts, hostnameOf, podHosts } from './hosts-file.js'
import { refusalOf, requestsOf } from './node-admission.js'
import { refuseRoot } from './non-root.js'
import { orphanOf } from './orphan.js'
import { imageAnnotation } from './plan.js'
import { graceAnnotation, parseResolvConf, podDns, sandboxConfig } from './sandbox-config.js'
import { forbiddenSysctl } from './sysctls.js'
import { container, pod, sandbox, sidecar } from './testing.js'

const test = suite('pod config')
const node = { servers: ['192.0.2.53'], searches: ['example.org'], options: ['timeout:1'] }
const dns = { clusterDns: '10.96.0.10', clusterDomain: 'cluster.local', node }
const noVariables = { variables: new Map([['A', '1']]), skipped: [] }
const configOf = (spec = container('main'), from = pod()) =>
  containerConfig({
    pod: from,
    spec,
    attempt: 2,
    environment: noVariables,
    mounts: [],
    terminationMessageFile: undefined,
    limits: { pids: 4096, seccompDirectory: '/node/seccomp' },
  })

test('/etc/hosts of a Pod', () => {
  const text = podHosts({ ips: ['10.0.0.2', 'fd00::2'], hostname: 'web', fullName: 'web.sub.default.svc.cluster.local' }, [])
  assert.is(
    text,
    [
      '# Kubernetes-managed hosts file.',
      '127.0.0.1\tlocalhost',
      '::1\tlocalhost ip6-localhost ip6-loopback',
      'fe00::0\tip6-localnet',
      'fe00::0\tip6-mcastprefix',
      'fe00::1\tip6-allnodes',
      'fe00::2\tip6-allrouters',
      '10.0.0.2\tweb.sub.default.svc.cluster.local\tweb',
      'fd00::2\tweb.sub.default.svc.cluster.local\tweb',
      '',
    ].join('\n'),
  )
})

test("aliases follow, one line each; on the host's network the host's file is kept", () => {
  const aliases = [{ ip: '192.0.2.1', hostnames: ['db', 'db.local'] }, { ip: '192.0.2.2' }]
  assert.ok(
    podHosts({ ips: [], hostname: 'web' }, aliases).endsWith(
      '\n\n# Entries added by HostAliases.\n192.0.2.1\tdb\tdb.local\n192.0.2.2\n',
    ),
  )
  assert.is(hostNetworkHosts('127.0.0.1 here\n', []), '# Kubernetes-managed hosts file (host network).\n127.0.0.1 here\n')
})

test('a hostname is cut to what it may be', () => {
  assert.is(hostnameOf(pod()), 'web')
  assert.is(hostnameOf(pod({ hostname: 'mine' })), 'mine')
  const long = `${'a'.repeat(62)}-b`
  assert.is(hostnameOf(pod({}, undefined, { name: long })), 'a'.repeat(62))
})

test("DNS of the cluster, of the node, or only the Pod's own", () => {
  assert.equal(podDns(pod(), dns), {
    servers: ['10.96.0.10'],
    searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.org'],
    options: ['ndots:5'],
  })
  assert.equal(podDns(pod({ dnsPolicy: 'Default' }), dns), node)
  assert.equal(podDns(pod({ hostNetwork: true }), dns), node)
  assert.is(podDns(pod({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }), dns).servers[0], '10.96.0.10')
  assert.equal(podDns(pod(), { ...dns, clusterDns: undefined }), node)
  const dnsConfig = { nameservers: ['1.1.1.1'], searches: ['a.b'], options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] }
  assert.equal(podDns(pod({ dnsPolicy: 'None', dnsConfig }), dns), {
    servers: ['1.1.1.1'],
    searches: ['a.b'],
    options: ['ndots:2', 'edns0'],
  })
  assert.equal(podDns(pod({ dnsConfig }), dns).options, ['ndots:2', 'edns0'])
})

test('a resolv.conf', () => {
  const text = '# note\nnameserver 1.1.1.1 ; here\nnameserver 8.8.8.8\nsearch old\nsearch a.b c.d\noptions ndots:2 edns0\n'
  assert.equal(parseResolvConf(text), {
    servers: ['1.1.1.1', '8.8.8.8'],
    searches: ['a.b', 'c.d'],
    options: ['ndots:2', 'edns0'],
  })
  assert.equal(parseResolvConf(''), { servers: [], searches: [], options: [] })
})

test("a sandbox has the Pod's labels, its host ports and what a restart needs", () => {
  const ports = [
    { containerPort: 80, hostPort: 8080 },
    { containerPort: 53, hostPort: 53, protocol: 'UDP' as const, hostIP: '127.0.0.1' },
    { containerPort: 9 },
  ]
  const spec = {
    containers: [container('main', { ports })],
    initContainers: [sidecar('beside', { ports: [{ containerPort: 1, hostPort: 2 }] })],
    terminationGracePeriodSeconds: 7,
    securityContext: { sysctls: [{ name: 'a', value: 'b' }] },
  }
  const config = sandboxConfig(pod(spec, undefined, { labels: { app: 'web' } }), 3, dns)
  assert.is(config.attempt, 3)
  assert.equal(config.labels, {
    app: 'web',
    'io.kubernetes.pod.namespace': 'default',
    'io.kubernetes.pod.name': 'web',
    'io.kubernetes.pod.uid': 'u1',
  })
  assert.equal(config.portMappings, [
    { containerPort: 1, hostPort: 2, hostIp: '', protocol: 'TCP' },
    { containerPort: 80, hostPort: 8080, hostIp: '', protocol: 'TCP' },
    { containerPort: 53, hostPort: 53, hostIp: '127.0.0.1', protocol: 'UDP' },
  ])
  assert.equal(config.sysctls, { a: 'b' })
  assert.is(config.shareProcessNamespace, false)
  assert.is(sandboxConfig(pod({ shareProcessNamespace: true }), 0, dns).shareProcessNamespace, true)
  const orphan = orphanOf(sandbox({ annotations: config.annotations }))
  assert.is(orphan.spec.terminationGracePeriodSeconds, 7)
  assert.is(orphanOf(sandbox({ annotations: { [graceAnnotation]: 'x' } })).spec.terminationGracePeriodSeconds, 30)
})

test('a container config expands its words and says what it was made from', () => {
  const config = configOf(container('main', { command: ['$(A)'], args: ['x$(A)', '$(B)'], workingDir: '/w', stdin: true }))
  assert.equal(
    [config.command, config.args, config.workingDirectory, config.stdin, config.tty],
    [['1'], ['x1', '$(B)'], '/w', true, false],
  )
  assert.is(config.stdinOnce, undefined)
  assert.is(configOf(container('main', { stdin: true, stdinOnce: true })).stdinOnce, true)
  assert.is(config.attempt, 2)
  assert.is(config.annotations[imageAnnotation], 'main:1')
  assert.equal(config.environment, [{ name: 'A', value: '1' }])
})

test('resources become shares, limits and bytes', () => {
  const of = (limits: object | undefined, requests?: object) =>
    containerResources(
      container('main', {
        resources: { ...(limits ? { limits: { ...limits } } : {}), ...(requests ? { requests: { ...requests } } : {}) },
      }),
    )
  assert.equal(of(undefined), {})
  assert.equal(of({ cpu: '500m', memory: '64Mi' }), { cpuShares: 512, cpuLimitMillis: 500, memoryLimit: 67_108_864 })
  assert.equal(of({ cpu: '2' }, { cpu: '1m', memory: '1Ki' }), { cpuShares: 2, cpuLimitMillis: 2000, memoryRequest: 1024 })
})

test("security: the container's own setting beats the Pod's", () => {
  const shared = { runAsUser: 1, runAsGroup: 2, supplementalGroups: [3], fsGroup: 4 }
  const own = {
    runAsUser: 9,
    allowPrivilegeEscalation: false,
    capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
    readOnlyRootFilesystem: true,
  }
  const { security } = configOf(container('main', { securityContext: own }), pod({ securityContext: shared }))
  assert.equal(security, {
    runAsUser: 9,
    runAsGroup: 2,
    supplementalGroups: [3, 4],
    privileged: false,
    readOnlyRootFilesystem: true,
    noNewPrivileges: true,
    addCapabilities: ['NET_ADMIN'],
    dropCapabilities: ['ALL'],
  })
})

test('seccomp: the runtime’s own filter, none, or a file of the node', () => {
  const of = (own?: object, shared?: object) =>
    configOf(
      container('main', { securityContext: { seccompProfile: own as never } }),
      pod({ securityContext: { seccompProfile: shared as never } }),
    ).security.seccomp
  assert.is(of(), undefined)
  assert.is(of({ type: 'RuntimeDefault' }, { type: 'Unconfined' }), undefined)
  assert.equal(of(undefined, { type: 'Unconfined' }), { type: 'Unconfined' })
  assert.equal(of({ type: 'Localhost', localhostProfile: 'a/b.json' }), { type: 'Localhost', path: '/node/seccomp/a/b.json' })
})

test('who asks for the filter of the runtime by name is told apart from who says nothing, and from who can have none', () => {
  const asks = (own?: object, shared?: object) =>
    asksForSeccomp(pod({ securityContext: shared as never }), container('main', { securityContext: own as never }))
  const [filter, none] = [{ seccompProfile: { type: 'RuntimeDefault' } }, { seccompProfile: { type: 'Unconfined' } }]
  assert.equal([asks(), asks({}, {}), asks(none, filter), asks({ ...filter, privileged: true })], [false, false, false, false])
  assert.equal([asks(filter), asks(undefined, filter), asks(filter, none)], [true, true, true])
})

test('what must not run as root, and would, is refused in the words of a kubelet', async () => {
  const refused = async (own: object, user = '', shared: object = {}) => {
    const spec = container('main', { securityContext: own })
    return refuseRoot(pod({ securityContext: shared }), spec, async () => user).then(() => '', String)
  }
  const where = '(pod: "web_default(u1)", container: main)'
  assert.match(await refused({ runAsNonRoot: true, runAsUser: 0 }), `container's runAsUser breaks non-root policy ${where}`)
  assert.match(await refused({ runAsNonRoot: true }), `container has runAsNonRoot and image will run as root ${where}`)
  assert.match(await refused({}, '0:5', { runAsNonRoot: true }), 'image will run as root')
  assert.match(
    await refused({ runAsNonRoot: true }, 'web:www'),
    'image has non-numeric user (web), cannot verify user is non-root',
  )
  assert.is(await refused({ runAsNonRoot: true }, '65532:65532'), '')
  assert.is(await refused({ runAsNonRoot: true, runAsUser: 5 }), '')
  assert.is(await refused({ runAsNonRoot: false }, '', { runAsNonRoot: true }), '')
})

test('what a kubelet lets no Pod set is refused, whatever the node allows of the rest', () => {
  const of = (names: readonly string[], unsafe: readonly string[] = [], more: object = {}) =>
    forbiddenSysctl(pod({ securityContext: { sysctls: names.map((name) => ({ name, value: '1' })) }, ...more }).spec, unsafe)
  assert.is(of(['net.ipv4.tcp_syncookies', 'kernel/shm_rmid_forced']), undefined)
  assert.is(of(['net.core.somaxconn']), 'forbidden sysctl: "net.core.somaxconn" not allowlisted')
  assert.is(of(['net.core.somaxconn'], ['net.core.*']), undefined)
  assert.is(of(['kernel.msgmax'], ['kernel.msgmax']), undefined)
  assert.match(of(['vm.swappiness'], ['vm.*']) ?? '', 'not allowlisted')
  assert.match(of(['net.ipv4.tcp_syncookies'], [], { hostNetwork: true }) ?? '', 'not allowed with host net enabled')
  assert.match(of(['kernel.shm_rmid_forced'], [], { hostIPC: true }) ?? '', 'not allowed with host ipc enabled')
})

test('what a Pod needs: its containers and sidecars together, or its largest init container', () => {
  const cpu = (amount: string) => ({ resources: { requests: { cpu: amount } } })
  const spec = {
    containers: [container('a', cpu('1')), container('b', cpu('500m'))],
    initContainers: [container('i', cpu('3')), sidecar('s', cpu('250m'))],
  }
  assert.equal(requestsOf(pod(spec)), { cpu: 3000, pods: 1 })
  assert.equal(requestsOf(pod({ ...spec, initContainers: [sidecar('s', cpu('250m'))] })), { cpu: 1750, pods: 1 })
})

test('a node refuses what it has no room for', () => {
  const big = pod({ containers: [container('a', { resources: { requests: { memory: '600Mi' } } })] })
  const room = { cpu: '2', memory: '1Gi', pods: '3' }
  const refused = (one: Pod, others: readonly Pod[]) => refusalOf(bound(one), others.map(bound), { ...place, allocatable: room })
  assert.is(refused(big, []), undefined)
  assert.is(refused(big, [big])?.reason, 'OutOfmemory')
  assert.is(refused(pod(), [pod(), pod()]), undefined)
  assert.is(refused(pod(), [pod(), pod(), pod()])?.reason, 'OutOfpods')
})

test('a node refuses what it is not asked for by its labels, what it must not set, and ports that are taken', () => {
  const port = (hostPort: number, hostIP = '') =>
    pod({ containers: [container('a', { ports: [{ containerPort: 80, hostPort, ...(hostIP && { hostIP }) }] })] })
  const refused = (one: Pod, ...others: readonly Pod[]) => refusalOf(bound(one), others.map(bound), place)?.reason
  assert.is(refused(pod({ nodeSelector: { disk: 'fast' } })), undefined)
  assert.is(refused(pod({ nodeSelector: { disk: 'slow' } })), 'NodeAffinity')
  assert.is(refused(pod({ securityContext: { sysctls: [{ name: 'vm.swappiness', value: '1' }] } })), 'SysctlForbidden')
  assert.is(refused(port(8080), port(8080)), 'NodePorts')
  assert.is(refused(port(8080, '10.0.0.1'), port(8080)), 'NodePorts')
  assert.is(refused(port(8080, '10.0.0.1'), port(8080, '10.0.0.2')), undefined)
  assert.is(refused(port(8080), port(8081), pod()), undefined)
  const ports = { ports: [{ containerPort: 80, hostPort: 8080 }] }
  assert.is(refused(pod({ initContainers: [sidecar('s', ports)] }), port(8080)), 'NodePorts', 'a sidecar keeps its port')
  assert.is(refused(port(8080), pod({ initContainers: [sidecar('s', ports)] })), 'NodePorts')
  assert.is(refused(pod({ initContainers: [container('i', ports)] }), port(8080)), undefined, 'one that ends has none')
})

const bound = (one: Pod) => ({ pod: one, requests: requestsOf(one) })
const place = {
  allocatable: {},
  node: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one', labels: { disk: 'fast' } }, spec: {} },
  unsafeSysctls: [],
} as const

test('the whole name as hostname, where the Pod asks for it, as long as the kernel takes it', () => {
  const of = (more: object) => sandboxConfig(pod({ setHostnameAsFQDN: true, ...more }), 0, dns).hostname
  assert.is(of({ subdomain: 'sub' }), 'web.sub.default.svc.cluster.local')
  assert.is(of({ hostname: 'hh', subdomain: 'sub' }), 'hh.sub.default.svc.cluster.local')
  assert.is(of({}), 'web')
  assert.fails(() => of({ subdomain: 's'.repeat(50) }), '64 characters is the max, 80 characters requested')
})
