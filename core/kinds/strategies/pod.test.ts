import { assert, test } from '@davit/core/testing'
import * as fc from 'fast-check'
import { applyDefaults, type Pod, validate } from '../contract.js'
import { created, defaulted, findings, kindOf, type Manifest } from './testing.js'

const container = { name: 'c', image: 'nginx:1.25' }
const pod = (spec: object = {}, rest: object = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'Pod',
  spec: { containers: [container], ...spec },
  ...rest,
})
const withContainer = (fields: object): Manifest => pod({ containers: [{ ...container, ...fields }] })
const first = (manifest: Manifest) => {
  const [one] = (defaulted(manifest) as Pod).spec.containers
  assert.ok(one)
  return one
}

test('a pod with nothing but an image gets the defaults of Kubernetes', () => {
  assert.equal(defaulted(pod()).spec, {
    containers: [
      {
        ...container,
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
  })
})

const images: [image: string, policy: string][] = [
  ['nginx', 'Always'],
  ['nginx:latest', 'Always'],
  ['nginx:1', 'IfNotPresent'],
  ['registry:5000/nginx', 'Always'],
  ['registry:5000/nginx:1', 'IfNotPresent'],
  ['registry:5000/a/b:latest', 'Always'],
  ['nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000', 'IfNotPresent'],
  ['nginx:latest@sha256:0000000000000000000000000000000000000000000000000000000000000000', 'Always'],
  ['nginx:latest-alpine', 'IfNotPresent'],
]
for (const [image, policy] of images) {
  test(`pull policy of ${image} is ${policy}`, () => assert.is(first(withContainer({ image })).imagePullPolicy, policy))
}

test('probes, handlers and references get their defaults', () => {
  const one = first(
    withContainer({
      livenessProbe: { httpGet: { port: 80 } },
      readinessProbe: { grpc: { port: 9 }, periodSeconds: 3 },
      lifecycle: { preStop: { httpGet: { port: 'http', scheme: 'HTTPS', path: '/bye' } } },
      env: [
        { name: 'N', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'C', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      ],
      ports: [{ containerPort: 80 }, { containerPort: 53, protocol: 'UDP' }],
    }),
  )
  const times = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }
  assert.equal(one.livenessProbe, { httpGet: { port: 80, path: '/', scheme: 'HTTP' }, ...times })
  assert.equal(one.readinessProbe, { grpc: { port: 9, service: '' }, ...times, periodSeconds: 3 })
  assert.equal(one.lifecycle?.preStop?.httpGet, { port: 'http', scheme: 'HTTPS', path: '/bye' })
  assert.is(one.env?.[0]?.valueFrom?.fieldRef?.apiVersion, 'v1')
  assert.is(one.env?.[1]?.valueFrom?.resourceFieldRef?.divisor, '0')
  assert.equal(
    one.ports?.map((port) => port.protocol),
    ['TCP', 'UDP'],
  )
})

test('limits become requests where none is written, and amounts are counted in thousandths', () => {
  const { resources } = first(withContainer({ resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100u' } } }))
  assert.equal(resources, { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1m', memory: '1Gi' } })
})

test('volumes get a source, modes and times', () => {
  const volumes = [
    { name: 'a' },
    { name: 'b', configMap: { name: 'm' } },
    { name: 'c', secret: { secretName: 's', defaultMode: 256 } },
    { name: 'd', hostPath: { path: '/x' } },
    {
      name: 'e',
      projected: {
        sources: [
          { serviceAccountToken: { path: 't' } },
          { downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' } }] } },
        ],
      },
    },
    { name: 'f', downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' } }] } },
    { name: 'g', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } },
  ]
  const fieldRef = { fieldPath: 'metadata.name', apiVersion: 'v1' }
  assert.equal((defaulted(pod({ volumes })) as Pod).spec.volumes, [
    { name: 'a', emptyDir: {} },
    { name: 'b', configMap: { name: 'm', defaultMode: 420 } },
    { name: 'c', secret: { secretName: 's', defaultMode: 256 } },
    { name: 'd', hostPath: { path: '/x', type: '' } },
    {
      name: 'e',
      projected: {
        sources: [
          { serviceAccountToken: { path: 't', expirationSeconds: 3600 } },
          { downwardAPI: { items: [{ path: 'n', fieldRef }] } },
        ],
        defaultMode: 420,
      },
    },
    { name: 'f', downwardAPI: { items: [{ path: 'n', fieldRef }], defaultMode: 420 } },
    { name: 'g', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' } } } },
  ])
})

test('on the network of the host, ports are those of the host', () => {
  const one = first(pod({ hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80 }] }] }))
  assert.is(one.ports?.[0]?.hostPort, 80)
})

test('the two names of the service account go together', () => {
  assert.is((defaulted(pod({ serviceAccountName: 'a' })) as Pod).spec.serviceAccount, 'a')
  assert.is((defaulted(pod({ serviceAccount: 'b' })) as Pod).spec.serviceAccountName, 'b')
})

test('a template gets the defaults of pods, but not those that only pods have', () => {
  const template = { spec: { containers: [{ ...container, resources: { limits: { cpu: '1' } } }] } }
  const object = defaulted({ apiVersion: 'v1', kind: 'PodTemplate', template }) as unknown as { template: { spec: Pod['spec'] } }
  assert.is(object.template.spec.enableServiceLinks, undefined)
  assert.is(object.template.spec.restartPolicy, 'Always')
  assert.equal(object.template.spec.containers[0]?.resources, { limits: { cpu: '1' } })
})

const classes: [name: string, resources: object[], want: string][] = [
  ['nothing', [{}], 'BestEffort'],
  ['zero', [{ requests: { cpu: '0' } }], 'BestEffort'],
  ['requests', [{ requests: { cpu: '1' } }], 'Burstable'],
  ['limits of one resource', [{ limits: { cpu: '1' } }], 'Burstable'],
  ['limits of both', [{ limits: { cpu: '1', memory: '1Gi' } }], 'Guaranteed'],
  ['equal requests', [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1024Mi' } }], 'Guaranteed'],
  ['lower requests', [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }], 'Burstable'],
  ['one container without', [{ limits: { cpu: '1', memory: '1Gi' } }, {}], 'Burstable'],
  ['only other resources', [{ limits: { 'example.com/gpu': '1' } }], 'BestEffort'],
]
for (const [name, resources, want] of classes) {
  test(`quality of service: ${name} is ${want}`, () => {
    const containers = resources.map((one, index) => ({ name: `c${index}`, image: 'i:1', resources: one }))
    assert.equal(created(pod({ containers })).status, { phase: 'Pending', qosClass: want })
  })
}

test('a gated pod says so from the start', () => {
  const { status } = created(pod({ schedulingGates: [{ name: 'example.com/wait' }] })) as Pod
  assert.is(status?.conditions?.[0]?.reason, 'SchedulingGated')
})

test('sound pods pass', () => {
  assert.equal(findings(pod()), [])
  assert.equal(
    findings(
      pod({
        initContainers: [
          { name: 'i', image: 'i:1' },
          { name: 's', image: 's:1', restartPolicy: 'Always', readinessProbe: { tcpSocket: { port: 1 } } },
        ],
        containers: [
          {
            ...container,
            ports: [
              { name: 'http', containerPort: 80 },
              { containerPort: 80, protocol: 'UDP' },
            ],
            env: [
              { name: 'A', value: '' },
              { name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
            ],
            envFrom: [{ configMapRef: { name: 'm' } }],
            volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a/b' }],
            resources: { limits: { 'example.com/gpu': '2', cpu: '1' }, requests: { 'example.com/gpu': '2', cpu: '100m' } },
            readinessProbe: { exec: { command: ['true'] }, successThreshold: 3 },
          },
        ],
        volumes: [{ name: 'v', configMap: { name: 'm', items: [{ key: 'a', path: 'b' }] } }],
        tolerations: [
          { operator: 'Exists' },
          { key: 'a', operator: 'Equal', value: 'b', effect: 'NoExecute', tolerationSeconds: 3 },
        ],
        nodeSelector: { disk: 'ssd' },
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }],
            },
          },
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector: { matchLabels: { a: 'b' } } }],
          },
        },
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
      }),
    ),
    [],
  )
})

const long = 'x'.repeat(64)
const wrong: [name: string, manifest: Manifest, ...errors: RegExp[]][] = [
  ['no containers', pod({ containers: [] }), /^spec\.containers: Required value$/],
  ['no name', withContainer({ name: '' }), /^spec\.containers\[0\]\.name: Required value$/],
  ['no image', withContainer({ image: '' }), /^spec\.containers\[0\]\.image: Required value$/],
  [
    'image with space',
    withContainer({ image: ' i' }),
    /image: Invalid value: " i": must not have leading or trailing whitespace/,
  ],
  ['bad name', withContainer({ name: 'A' }), /^spec\.containers\[0\]\.name: Invalid value: "A": a lowercase RFC 1123 label/],
  ['long name', withContainer({ name: long }), /must be no more than 63 characters/],
  ['same name twice', pod({ containers: [container, container] }), /^spec\.containers\[1\]\.name: Duplicate value: "c"$/],
  ['same name in init', pod({ initContainers: [container] }), /^spec\.initContainers\[0\]\.name: Duplicate value: "c"$/],
  [
    'port 0',
    withContainer({ ports: [{ containerPort: 0 }] }),
    /^spec\.containers\[0\]\.ports\[0\]\.containerPort: Required value$/,
  ],
  [
    'port too high',
    withContainer({ ports: [{ containerPort: 70000 }] }),
    /containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive/,
  ],
  ['port name', withContainer({ ports: [{ containerPort: 1, name: 'HTTP' }] }), /ports\[0\]\.name: Invalid value: "HTTP"/],
  [
    'port name twice',
    withContainer({
      ports: [
        { containerPort: 1, name: 'a' },
        { containerPort: 2, name: 'a' },
      ],
    }),
    /ports\[1\]\.name: Duplicate value: "a"/,
  ],
  [
    'protocol',
    withContainer({ ports: [{ containerPort: 1, protocol: 'ICMP' }] }),
    /ports\[0\]\.protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"$/,
  ],
  [
    'host port twice',
    withContainer({
      ports: [
        { containerPort: 1, hostPort: 5 },
        { containerPort: 2, hostPort: 5 },
      ],
    }),
    /ports\[1\]\.hostPort: Duplicate value/,
  ],
  [
    'host port on host network',
    pod({ hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 1, hostPort: 2 }] }] }),
    /must match `containerPort` when `hostNetwork` is true/,
  ],
  ['env name', withContainer({ env: [{ name: 'a=b' }] }), /env\[0\]\.name: Invalid value: "a=b"/],
  ['env without name', withContainer({ env: [{ name: '' }] }), /env\[0\]\.name: Required value/],
  [
    'env with both',
    withContainer({ env: [{ name: 'A', value: '1', valueFrom: { fieldRef: { fieldPath: 'x' } } }] }),
    /may not be specified when `value` is not empty/,
  ],
  ['env with none', withContainer({ env: [{ name: 'A', valueFrom: {} }] }), /must specify one of: `fieldRef`/],
  [
    'env with two',
    withContainer({
      env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'a', key: 'a' }, secretKeyRef: { name: 'a', key: 'a' } } }],
    }),
    /may not have more than one field/,
  ],
  [
    'env without key',
    withContainer({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'a' } } }] }),
    /configMapKeyRef\.key: Required value/,
  ],
  ['envFrom of nothing', withContainer({ envFrom: [{}] }), /envFrom\[0\]: Invalid value: "": must specify one of/],
  [
    'mount of nothing',
    withContainer({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
    /^spec\.containers\[0\]\.volumeMounts\[0\]\.name: Not found: "v"$/,
  ],
  [
    'mount without path',
    pod({ volumes: [{ name: 'v' }], containers: [{ ...container, volumeMounts: [{ name: 'v' }] }] }),
    /mountPath: Required value/,
  ],
  [
    'mount path twice',
    pod({
      volumes: [{ name: 'v' }],
      containers: [
        {
          ...container,
          volumeMounts: [
            { name: 'v', mountPath: '/v' },
            { name: 'v', mountPath: '/v' },
          ],
        },
      ],
    }),
    /mountPath: Invalid value: "\/v": must be unique/,
  ],
  [
    'sub path out',
    pod({
      volumes: [{ name: 'v' }],
      containers: [{ ...container, volumeMounts: [{ name: 'v', mountPath: '/v', subPath: '../x' }] }],
    }),
    /subPath: Invalid value: "..\/x": must not contain '..'/,
  ],
  [
    'sub path absolute',
    pod({
      volumes: [{ name: 'v' }],
      containers: [{ ...container, volumeMounts: [{ name: 'v', mountPath: '/v', subPath: '/x' }] }],
    }),
    /must be a relative path/,
  ],
  ['probe of nothing', withContainer({ livenessProbe: {} }), /livenessProbe: Required value: must specify a handler type/],
  [
    'probe of two',
    withContainer({ livenessProbe: { exec: { command: ['a'] }, tcpSocket: { port: 1 } } }),
    /tcpSocket: Forbidden: may not specify more than 1 handler type/,
  ],
  [
    'liveness that must succeed twice',
    withContainer({ livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } }),
    /successThreshold: Invalid value: 2: must be 1/,
  ],
  [
    'negative delay',
    withContainer({ readinessProbe: { tcpSocket: { port: 1 }, initialDelaySeconds: -1 } }),
    /initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0/,
  ],
  ['probe port', withContainer({ livenessProbe: { httpGet: { port: 0 } } }), /httpGet\.port: Invalid value: 0/],
  ['scheme', withContainer({ livenessProbe: { httpGet: { port: 1, scheme: 'FTP' } } }), /scheme: Unsupported value: "FTP"/],
  [
    'probe of an init container',
    pod({ initContainers: [{ ...container, name: 'i', livenessProbe: { tcpSocket: { port: 1 } } }] }),
    /initContainers\[0\]\.livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always/,
  ],
  ['restart policy of a container', withContainer({ restartPolicy: 'Always' }), /may not be set for non-init containers/],
  [
    'restart policy of an init container',
    pod({ initContainers: [{ ...container, name: 'i', restartPolicy: 'Never' }] }),
    /Unsupported value: "Never": supported values: "Always"/,
  ],
  [
    'pull policy',
    withContainer({ imagePullPolicy: 'Sometimes' }),
    /imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"$/,
  ],
  [
    'requests over limits',
    withContainer({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
    /^spec\.containers\[0\]\.resources\.requests: Invalid value: "2": must be less than or equal to cpu limit of 1$/,
  ],
  [
    'negative amount',
    withContainer({ resources: { requests: { cpu: '-1' } } }),
    /requests\[cpu\]: Invalid value: "-1": must be greater than or equal to 0/,
  ],
  ['part of a device', withContainer({ resources: { limits: { 'example.com/gpu': '500m' } } }), /must be an integer/],
  [
    'device requested alone',
    withContainer({ resources: { requests: { 'example.com/gpu': '1' } } }),
    /Limit must be set for non overcommitable resources/,
  ],
  [
    'unknown resource',
    withContainer({ resources: { requests: { coffee: '1' } } }),
    /must be a standard resource type or fully qualified/,
  ],
  [
    'privilege',
    withContainer({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    /cannot set `allowPrivilegeEscalation` to false and `privileged` to true/,
  ],
  ['negative user', withContainer({ securityContext: { runAsUser: -1 } }), /runAsUser: Invalid value: -1/],
  ['volume twice', pod({ volumes: [{ name: 'v' }, { name: 'v' }] }), /^spec\.volumes\[1\]\.name: Duplicate value: "v"$/],
  [
    'two sources',
    pod({ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] }),
    /may not specify more than 1 volume type/,
  ],
  [
    'claim without name',
    pod({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: '' } }] }),
    /^spec\.volumes\[0\]\.persistentVolumeClaim\.claimName: Required value$/,
  ],
  [
    'ephemeral volume without a template',
    pod({ volumes: [{ name: 'v', ephemeral: {} }] }),
    /^spec\.volumes\[0\]\.ephemeral\.volumeClaimTemplate: Required value$/,
  ],
  [
    'ephemeral volume without a size',
    pod({ volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } }] }),
    /^spec\.volumes\[0\]\.ephemeral\.volumeClaimTemplate\.spec\.resources\[storage\]: Required value$/,
  ],
  ['secret without name', pod({ volumes: [{ name: 'v', secret: {} }] }), /secret\.secretName: Required value/],
  [
    'item out of the volume',
    pod({ volumes: [{ name: 'v', configMap: { name: 'c', items: [{ key: 'k', path: '..x' }] } }] }),
    /must not start with '\.\.'/,
  ],
  ['mode', pod({ volumes: [{ name: 'v', configMap: { name: 'c', defaultMode: 1000 } }] }), /between 0 and 0777/],
  [
    'short token',
    pod({ volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 1 } }] } }] }),
    /duration less than 10 minutes/,
  ],
  [
    'restart policy',
    pod({ restartPolicy: 'Maybe' }),
    /^spec\.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "Never", "OnFailure"$/,
  ],
  ['dns policy none', pod({ dnsPolicy: 'None' }), /must provide at least one DNS nameserver when `dnsPolicy` is None/],
  ['node name', pod({ nodeName: 'A_B' }), /^spec\.nodeName: Invalid value/],
  [
    'deadline',
    pod({ activeDeadlineSeconds: 0 }),
    /activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive/,
  ],
  ['hostname', pod({ hostname: 'a.b' }), /^spec\.hostname: Invalid value: "a.b"/],
  ['node selector', pod({ nodeSelector: { a: '-' } }), /^spec\.nodeSelector: Invalid value: "-"/],
  ['toleration without key', pod({ tolerations: [{ value: 'x' }] }), /operator must be Exists when `key` is empty/],
  [
    'toleration with seconds',
    pod({ tolerations: [{ key: 'a', tolerationSeconds: 1, effect: 'NoSchedule' }] }),
    /effect must be 'NoExecute'/,
  ],
  [
    'skew',
    pod({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }] }),
    /maxSkew: Invalid value: 0: must be greater than zero/,
  ],
  [
    'affinity without terms',
    pod({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } }),
    /must have at least one node selector term/,
  ],
  [
    'affinity weight',
    pod({
      affinity: {
        podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, podAffinityTerm: { topologyKey: 'z' } }] },
      },
    }),
    /must be in the range 1-100/,
  ],
  [
    'affinity without topology',
    pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] } } }),
    /topologyKey: Required value: can not be empty/,
  ],
  [
    'host alias',
    pod({ hostAliases: [{ ip: 'x', hostnames: ['A'] }] }),
    /hostAliases\[0\]\.ip: Invalid value: "x"/,
    /hostnames\[0\]: Invalid value: "A"/,
  ],
  [
    'gates on a bound pod',
    pod({ nodeName: 'n', schedulingGates: [{ name: 'a' }] }),
    /cannot be set until all schedulingGates have been cleared/,
  ],
]
for (const [name, manifest, ...errors] of wrong) {
  test(`refused: ${name}`, () => {
    const found = findings(manifest)
    for (const error of errors)
      assert.ok(
        found.some((one) => error.test(one)),
        found.join('\n') || 'nothing was found',
      )
  })
}

test('defaulting any pod twice is defaulting it once', () => {
  const amounts = fc.constantFrom('1', '500m', '1Gi', '10u', '3n')
  const list = fc.dictionary(fc.constantFrom('cpu', 'memory'), amounts, { noNullPrototype: true })
  const probe = fc.record({ httpGet: fc.record({ port: fc.constant(80) }), periodSeconds: fc.nat(3) }, { requiredKeys: [] })
  const one = fc.record(
    {
      name: fc.constant('c'),
      image: fc.constantFrom('a', 'a:1', 'a:latest', 'b@sha256:1'),
      resources: fc.record({ limits: list, requests: list }, { requiredKeys: [] }),
      livenessProbe: probe,
      ports: fc.array(
        fc.record(
          { containerPort: fc.constant(1), protocol: fc.constantFrom('TCP', 'UDP') },
          { requiredKeys: ['containerPort'] },
        ),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: ['name'] },
  )
  const volume = fc.record(
    {
      name: fc.constant('v'),
      configMap: fc.record({ name: fc.constant('m') }),
      secret: fc.record({ defaultMode: fc.nat(511) }, { requiredKeys: [] }),
    },
    { requiredKeys: ['name'] },
  )
  const specs = fc.record(
    {
      containers: fc.array(one, { maxLength: 2 }),
      initContainers: fc.array(one, { maxLength: 2 }),
      volumes: fc.array(volume, { maxLength: 2 }),
      hostNetwork: fc.boolean(),
      serviceAccount: fc.constantFrom('', 'a'),
      restartPolicy: fc.constantFrom('', 'Never'),
    },
    { requiredKeys: [] },
  )
  fc.assert(fc.property(specs, (spec) => void defaulted({ apiVersion: 'v1', kind: 'Pod', spec })))
})

test('defaults and validation of a pod stay far below the budget of a create', () => {
  const kind = kindOf({ apiVersion: 'v1', kind: 'Pod' })
  const manifest = created(pod({ volumes: [{ name: 'v' }] }))
  const run = (count: number) => {
    const start = process.hrtime.bigint()
    for (let index = 0; index < count; index++) {
      applyDefaults(kind, manifest)
      validate(kind, manifest)
    }
    return Number(process.hrtime.bigint() - start) / 1000 / count
  }
  run(2000)
  const best = Math.min(...[1, 2, 3].map(() => run(1000)))
  assert.ok(best < 60, `${best.toFixed(1)} µs`)
})
