import type { PodSpec } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { detailText, evaluate } from './evaluate.js'
import { type Level, policyOf } from './policy.js'

const latest = Number.POSITIVE_INFINITY
const containers = [{ name: 'a', image: 'i' }]
const told = (level: Level, spec: Partial<PodSpec>, minor = latest, annotations = {}) =>
  detailText(evaluate({ level, minor }, { metadata: { annotations }, spec: { containers, ...spec } }))
const within = (securityContext: object, name = 'a') => ({ name, image: 'i', securityContext })
const sound = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
}

test('a plain Pod is within baseline, and lacks four things for restricted', () => {
  assert.is(told('privileged', { hostNetwork: true }), '')
  assert.is(told('baseline', {}), '')
  assert.is(
    told('restricted', {}),
    'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), ' +
      'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), ' +
      'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), ' +
      'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  )
  assert.is(told('restricted', { containers: [within(sound)] }), '')
})

const baseline: readonly [Partial<PodSpec>, string][] = [
  [{ hostNetwork: true, hostPID: true, hostIPC: true }, 'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)'],
  [{ volumes: [{ name: 'v', hostPath: { path: '/' } }] }, 'hostPath volumes (volume "v")'],
  [
    { containers: [{ name: 'a', image: 'i', ports: [{ containerPort: 1, hostPort: 80 }] }] },
    'hostPort (container "a" uses hostPort 80)',
  ],
  [
    {
      containers: ['a', 'b'].map((name, index) => ({ name, image: 'i', ports: [{ containerPort: 1, hostPort: 80 + index }] })),
    },
    'hostPort (containers "a", "b" use hostPorts 80, 81)',
  ],
  [{ containers: [within({ privileged: true })] }, 'privileged (container "a" must not set securityContext.privileged=true)'],
  [
    { initContainers: [within({ capabilities: { add: ['SYS_ADMIN', 'CHOWN', 'NET_RAW'] } }, 'first')] },
    'non-default capabilities (container "first" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)',
  ],
  [
    { containers: [within({ procMount: 'Unmasked' })] },
    'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
  ],
  [
    {
      securityContext: { seLinuxOptions: { type: 'spc_t', user: 'u' } },
      containers: [within({ seLinuxOptions: { role: 'r' } })],
    },
    'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)',
  ],
  [
    { securityContext: { seccompProfile: { type: 'Unconfined' } } },
    'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    {
      securityContext: {
        sysctls: [
          { name: 'a', value: '' },
          { name: 'b', value: '' },
        ],
      },
    },
    'forbidden sysctls (a, b)',
  ],
  [
    {
      securityContext: { windowsOptions: { hostProcess: true } },
      containers: [within({ windowsOptions: { hostProcess: true } })],
    },
    'hostProcess (pod and container "a" must not set securityContext.windowsOptions.hostProcess=true)',
  ],
  [
    { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
    'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
  ],
]
for (const [spec, expected] of baseline) test(`baseline: ${expected}`, () => assert.is(told('baseline', spec), expected))

const restricted: readonly [Partial<PodSpec>, string][] = [
  [
    { containers: [within({ ...sound, capabilities: { drop: ['ALL'], add: ['CHOWN'] } })] },
    'unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)',
  ],
  [
    {
      containers: [within(sound)],
      volumes: [
        { name: 'v', hostPath: { path: '/' } },
        { name: 'n', nfs: { path: '/', server: 's' } },
      ],
    },
    'restricted volume types (volumes "v", "n" use restricted volume types "hostPath", "nfs")',
  ],
  [
    { containers: [within({ ...sound, runAsNonRoot: false })] },
    'runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)',
  ],
  [{ containers: [within({ ...sound, runAsUser: 0 })] }, 'runAsUser=0 (container "a" must not set runAsUser=0)'],
  [
    { containers: [within({ ...sound, seccompProfile: { type: 'Unconfined' } })] },
    'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
]
for (const [spec, expected] of restricted) test(`restricted: ${expected}`, () => assert.is(told('restricted', spec), expected))

test('debugging containers are held to it too', () => {
  const ephemeralContainers = [within({ privileged: true }, 'debug')] as PodSpec['ephemeralContainers']
  assert.match(told('baseline', { ephemeralContainers }), /container "debug" must not set/)
})

test('old versions ask for what they knew', () => {
  assert.is(told('restricted', { securityContext: { runAsNonRoot: true } }, 7), '')
  assert.is(
    told('baseline', { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '' }] } }, 31),
    'forbidden sysctls (net.ipv4.tcp_rmem)',
  )
  assert.is(told('baseline', { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '' }] } }, 32), '')
  const annotations = { 'container.seccomp.security.alpha.kubernetes.io/a': 'unconfined' }
  assert.match(told('baseline', {}, 18, annotations), /forbidden annotation container.seccomp/)
  assert.is(told('baseline', {}, 19, annotations), '')
})

test('a Pod for Windows need not say what means nothing there', () => {
  const spec = { os: { name: 'windows' }, securityContext: { runAsNonRoot: true } }
  assert.is(told('restricted', spec), '')
  assert.match(told('restricted', spec, 24), /allowPrivilegeEscalation/)
})

test('labels: warn follows enforce, what cannot be read is strict and told', () => {
  const standard = { level: 'privileged', minor: latest } as const
  const defaults = { enforce: standard, audit: standard, warn: standard }
  const of = (labels: Record<string, string>) =>
    policyOf(
      Object.fromEntries(Object.entries(labels).map(([name, value]) => [`pod-security.kubernetes.io/${name}`, value])),
      defaults,
    )
  assert.equal(of({ enforce: 'baseline', 'enforce-version': 'v1.30' }).warn, { level: 'baseline', minor: 30 })
  assert.equal(of({ enforce: 'baseline', warn: 'privileged' }).warn, standard)
  assert.equal(of({}).errors, [])
  const wrong = of({ enforce: 'strict', warn: 'loud', 'audit-version': '1.30' })
  assert.equal([wrong.enforce.level, wrong.warn.level], ['restricted', 'privileged'])
  assert.equal(
    wrong.errors.map(({ field, message }) => `${field}: ${message}`),
    [
      'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
      'metadata.labels[pod-security.kubernetes.io/audit-version]: Invalid value: "1.30": must be "latest" or "v1.x"',
      'metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: "loud": must be one of privileged, baseline, restricted',
    ],
  )
})
