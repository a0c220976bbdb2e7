/** What the API finds wrong in what leads traffic to Pods, and keeps it away, over the wire. */
import { assert, test } from '../../testing/contract.js'
import { startServer } from './testing.js'
import { type Table, wrongIn } from './testing-validation.js'

const inDefault = (group: string, resource: string): string => `${group}/namespaces/default/${resource}`
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const wildcard =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const label1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const badOperator = { matchExpressions: [{ key: 'a', operator: 'Is' }] }

const services: Table = {
  path: '/api/v1/namespaces/default/services',
  base: { apiVersion: 'v1', kind: 'Service', spec: { selector: { a: 'b' }, ports: [{ port: 80 }] } },
  creates: [
    [
      'spec.ports.0.protocol',
      'ICMP',
      'spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      'spec.type',
      'Other',
      'spec.type: Unsupported value: "Other": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
    ['spec.sessionAffinity', 'Cookie', 'spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"'],
    [
      'spec.internalTrafficPolicy',
      'Near',
      'spec.internalTrafficPolicy: Unsupported value: "Near": supported values: "Cluster", "Local"',
    ],
    [
      'spec.externalIPs',
      ['127.0.0.1'],
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
    ['spec.externalIPs', ['0.0.0.0'], 'spec.externalIPs[0]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0 or ::)'],
    [
      'spec.externalIPs',
      ['169.254.0.1'],
      'spec.externalIPs[0]: Invalid value: "169.254.0.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    ],
    [
      'spec.externalIPs',
      ['224.0.0.1'],
      'spec.externalIPs[0]: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    ],
    [
      'spec.loadBalancerSourceRanges',
      ['10.0.0.0/8'],
      "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    ['spec.trafficDistribution', 'Near', 'spec.trafficDistribution: Unsupported value: "Near": supported values: "PreferClose"'],
    ['spec.ipFamilies', ['IPv4', 'IPv4'], 'spec.ipFamilies[1]: Duplicate value: "IPv4"'],
    ['spec.ipFamilies', ['IPv5'], 'spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"'],
    [
      'spec.ipFamilyPolicy',
      'Both',
      'spec.ipFamilyPolicy: Unsupported value: "Both": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
    ],
  ],
}

const ingresses: Table = {
  path: inDefault('/apis/networking.k8s.io/v1', 'ingresses'),
  base: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    spec: {
      rules: [
        {
          host: 'a.b',
          http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } }] },
        },
      ],
    },
  },
  creates: [
    ['spec.rules.0.host', '1.2.3.4', 'spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
    ['spec.rules.0.host', '*.a.b'],
    ['spec.rules.0.host', 'a.*.b', `spec.rules[0].host: Invalid value: "a.*.b": ${wildcard}`],
    ['spec.rules.0.host', '*.', `spec.rules[0].host: Invalid value: "*.": ${wildcard}`],
    ['spec.rules.0.http.paths', [], 'spec.rules[0].http.paths: Required value'],
    [
      'spec.rules.0.http.paths.0.path',
      '/a//b',
      'spec.rules[0].http.paths[0].path: Invalid value: "/a//b": must not contain \'//\'',
    ],
    [
      'spec.rules.0.http.paths.0.path',
      '/a/../b',
      'spec.rules[0].http.paths[0].path: Invalid value: "/a/../b": must not contain \'/../\'',
    ],
    [
      'spec.rules.0.http.paths.0.path',
      '/a%2fb',
      'spec.rules[0].http.paths[0].path: Invalid value: "/a%2fb": must not contain \'%2f\'',
    ],
    [
      'spec.rules.0.http.paths.0.path',
      '/a/..',
      'spec.rules[0].http.paths[0].path: Invalid value: "/a/..": cannot end with \'/..\'',
    ],
    [
      'spec.rules.0.http.paths.0.pathType',
      'Regex',
      'spec.rules[0].http.paths[0].pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"',
    ],
    [
      'spec.rules.0.http.paths.0.backend.service.name',
      'A',
      `spec.rules[0].http.paths[0].backend.service.name: Invalid value: "A": ${label1035}`,
    ],
    [
      'spec.rules.0.http.paths.0.backend.service.port',
      { number: 70000 },
      'spec.rules[0].http.paths[0].backend.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
    [
      'spec.rules.0.http.paths.0.backend',
      { resource: { kind: 'A', name: '' } },
      'spec.rules[0].http.paths[0].backend.resource.name: Required value',
    ],
    ['spec.tls', [{ hosts: ['A'] }], `spec.tls[0].hosts[0]: Invalid value: "A": ${subdomain}`],
    ['spec.tls', [{ hosts: ['*.a.b'], secretName: 'a_b' }], `spec.tls[0].secretName: Invalid value: "a_b": ${subdomain}`],
    ['metadata', { name: 'x', annotations: { 'kubernetes.io/ingress.class': 'a' } }],
    ['spec.ingressClassName', '', `spec.ingressClassName: Invalid value: "": ${subdomain}`],
  ],
}
const bothClasses: Table = {
  path: ingresses.path,
  base: { ...ingresses.base, spec: { ...(ingresses.base.spec as object), ingressClassName: 'a' } },
  creates: [
    [
      'metadata.annotations',
      { 'kubernetes.io/ingress.class': 'b' },
      'annotations.kubernetes.io/ingress.class: Invalid value: "b": can not be set when the class field is also set',
    ],
  ],
}

const ingressClasses: Table = {
  path: '/apis/networking.k8s.io/v1/ingressclasses',
  base: { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', spec: { controller: 'example.com/c' } },
  creates: [
    ['spec.controller', undefined, 'spec.controller: Required value'],
    ['spec.controller', 'c', 'spec.controller: Invalid value: "c": must be a domain-prefixed path (such as "acme.io/foo")'],
    ['spec.controller', `a.b/${'c'.repeat(250)}`, 'spec.controller: Too long: may not be more than 250 bytes'],
    ['spec.parameters', { kind: 'K', name: '' }, 'spec.parameters.name: Required value'],
    [
      'spec.parameters',
      { kind: 'K', name: 'n', scope: 'Namespace' },
      "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
    ],
    [
      'spec.parameters',
      { kind: 'K', name: 'n', namespace: 'a' },
      "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
    ],
    [
      'spec.parameters',
      { kind: 'K', name: 'n', scope: 'Any' },
      'spec.parameters.scope: Unsupported value: "Any": supported values: "Cluster", "Namespace"',
    ],
  ],
  updates: [['spec.controller', 'example.com/d', 'spec.controller: Invalid value: "example.com/d": field is immutable']],
}

const policies: Table = {
  path: inDefault('/apis/networking.k8s.io/v1', 'networkpolicies'),
  base: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', spec: { podSelector: {}, ingress: [{}] } },
  creates: [
    [
      'spec.podSelector',
      badOperator,
      'spec.podSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
    ],
    [
      'spec.ingress',
      [{ from: [{ podSelector: badOperator }] }],
      'spec.ingress[0].from[0].podSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
    ],
    [
      'spec.ingress',
      [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }] }],
      'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
    ],
    [
      'spec.ingress',
      [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }] }],
      'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
    ],
    ['spec.ingress', [{ from: [{ ipBlock: { cidr: 'fd00::/8', except: ['fd00:1::/32'] } }] }]],
    [
      'spec.ingress',
      [{ ports: [{ protocol: 'ICMP' }] }],
      'spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      'spec.ingress',
      [{ ports: [{ port: 1, endPort: 70000 }] }],
      'spec.ingress[0].ports[0].endPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
    ['spec.policyTypes', ['Both'], 'spec.policyTypes[0]: Unsupported value: "Both": supported values: "Egress", "Ingress"'],
    [
      'spec.policyTypes',
      ['Ingress', 'Egress', 'Ingress'],
      'spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes',
    ],
  ],
}

test('Services, Ingresses and NetworkPolicies', async (t) => {
  const server = await startServer()
  t.defer(() => server.stop())
  const all: string[] = []
  for (const table of [services, ingresses, bothClasses, ingressClasses, policies]) {
    const wrong = await wrongIn(server, table)
    all.push(...wrong.map((one) => `${table.path} ${one}`))
  }
  assert.is(all.join('\n'), '')
})
