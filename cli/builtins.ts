/**
 * The one file that names built-in plugins (law 1): each by id, loaded only when a cluster is composed that has it.
 * `always`: in every cluster unless the configuration takes it out. The others are there when something picks them.
 */
import type { AnyPlugin } from '@davit/core/kernel'

export interface Builtin {
  readonly always: boolean
  load(): Promise<AnyPlugin>
}

const always = (load: () => Promise<AnyPlugin>): Builtin => ({ always: true, load })
const picked = (load: () => Promise<AnyPlugin>): Builtin => ({ always: false, load })
const api = () => import('@davit/core/api/host')
const node = () => import('@davit/core/node/host')
const plugin = (module: Promise<{ readonly default: AnyPlugin }>) => module.then((loaded) => loaded.default)

export const builtins: Readonly<Record<string, Builtin>> = {
  'store-level': picked(() => import('@davit/core/store/host').then((room) => room.storeLevel)),
  'store-memory': picked(() => import('@davit/core/store/host').then((room) => room.storeMemory)),
  'store-etcd': picked(() => plugin(import('@davit/plugin-store-etcd'))),
  'watch-cache': always(() => import('@davit/core/watch/host').then((room) => room.watchCache)),
  'api-pipeline': always(() => api().then((room) => room.apiPipeline)),
  'token-issuer': always(() => api().then((room) => room.tokenIssuer)),
  'api-endpoint': always(() => api().then((room) => room.apiEndpoint)),
  'api-server': always(() => import('@davit/core/api/http/host').then((room) => room.apiServer)),
  'admission-namespace-lifecycle': always(() => api().then((room) => room.namespaceLifecycle)),
  'admission-service-account': always(() => api().then((room) => room.serviceAccountAdmission)),
  'admission-default-tolerations': always(() => api().then((room) => room.defaultTolerations)),
  'admission-priority': always(() => api().then((room) => room.priorityAdmission)),
  'admission-node-restriction': always(() => plugin(import('@davit/plugin-admission-node-restriction'))),
  'authorizer-node': always(() => plugin(import('@davit/plugin-authorizer-node'))),
  'admission-policy': always(() => plugin(import('@davit/plugin-admission-policy'))),
  'api-crd': always(() => plugin(import('@davit/plugin-api-crd'))),
  'authorizer-rbac': always(() => plugin(import('@davit/plugin-authorizer-rbac'))),
  'authenticator-anonymous': picked(() => plugin(import('@davit/plugin-authenticator-anonymous'))),
  'authenticator-bootstrap-token': always(() => plugin(import('@davit/plugin-authenticator-bootstrap-token'))),
  'authenticator-oidc': picked(() => plugin(import('@davit/plugin-authenticator-oidc'))),
  'authenticator-service-account': always(() => plugin(import('@davit/plugin-authenticator-service-account'))),
  'api-aggregation': always(() => plugin(import('@davit/plugin-api-aggregation'))),
  'api-metrics': always(() => plugin(import('@davit/plugin-api-metrics'))),
  'admission-webhook': always(() => plugin(import('@davit/plugin-admission-webhook'))),
  'audit-log': picked(() => plugin(import('@davit/plugin-audit-log'))),
  'limiter-fair': always(() => plugin(import('@davit/plugin-limiter-fair'))),
  client: always(() => import('@davit/core/client/host').then((room) => room.client)),
  'admission-limit-ranger': always(() => plugin(import('@davit/plugin-admission-limit-ranger'))),
  'admission-resource-quota': always(() => plugin(import('@davit/plugin-admission-resource-quota'))),
  'admission-pod-security': always(() => plugin(import('@davit/plugin-admission-pod-security'))),
  'admission-runtime-class': always(() => plugin(import('@davit/plugin-admission-runtime-class'))),
  'admission-default-storage-class': always(() => plugin(import('@davit/plugin-admission-default-storage-class'))),
  'admission-default-ingress-class': always(() => plugin(import('@davit/plugin-admission-default-ingress-class'))),
  'admission-storage-in-use': always(() => plugin(import('@davit/plugin-admission-storage-in-use'))),
  'admission-certificates': always(() => plugin(import('@davit/plugin-admission-certificates'))),
  'admission-node-taint': always(() => plugin(import('@davit/plugin-admission-node-taint'))),
  'controller-host': always(() => import('@davit/core/controller/host').then((room) => room.controllerHost)),
  'controller-attach': always(() => plugin(import('@davit/plugin-controller-attach'))),
  'volume-csi': picked(() => plugin(import('@davit/plugin-volume-csi'))),
  'controller-replication': always(() => plugin(import('@davit/plugin-controller-replication'))),
  'controller-endpoint': always(() => plugin(import('@davit/plugin-controller-endpoint'))),
  'controller-namespace': always(() => plugin(import('@davit/plugin-controller-namespace'))),
  'controller-serviceaccount': always(() => plugin(import('@davit/plugin-controller-serviceaccount'))),
  'controller-node': always(() => plugin(import('@davit/plugin-controller-node'))),
  'controller-gc': always(() => plugin(import('@davit/plugin-controller-gc'))),
  'controller-disruption': always(() => plugin(import('@davit/plugin-controller-disruption'))),
  'controller-quota': always(() => plugin(import('@davit/plugin-controller-quota'))),
  'controller-protection': always(() => plugin(import('@davit/plugin-controller-protection'))),
  'controller-volume': always(() => plugin(import('@davit/plugin-controller-volume'))),
  'controller-certificates': always(() => plugin(import('@davit/plugin-controller-certificates'))),
  'controller-deployment': always(() => plugin(import('@davit/plugin-controller-deployment'))),
  'controller-job': always(() => plugin(import('@davit/plugin-controller-job'))),
  'controller-autoscaler': always(() => plugin(import('@davit/plugin-controller-autoscaler'))),
  'controller-statefulset': always(() => plugin(import('@davit/plugin-controller-statefulset'))),
  'controller-daemonset': always(() => plugin(import('@davit/plugin-controller-daemonset'))),
  'scheduler-host': always(() => import('@davit/core/scheduler/host').then((room) => room.schedulerHost)),
  'scheduler-binpack': always(() => plugin(import('@davit/plugin-scheduler-binpack'))),
  'scheduler-volume': always(() => plugin(import('@davit/plugin-scheduler-volume'))),
  'client-https': picked(() => import('@davit/core/client/host').then((room) => room.clientHttps)),
  'node-connections': picked(() => api().then((room) => room.nodeConnections)),
  'node-server': always(() => api().then((room) => room.nodeServer)),
  'proxy-host': always(() => import('@davit/core/proxy/host').then((room) => room.proxyHost)),
  'proxy-iptables': picked(() => plugin(import('@davit/plugin-proxy-iptables'))),
  'node-agent': always(() => node().then((room) => room.nodeAgent)),
  'provisioner-local-path': always(() => plugin(import('@davit/plugin-provisioner-local-path'))),
  'node-volumes': always(() => node().then((room) => room.nodeVolumes)),
  'network-bridge': picked(() => plugin(import('@davit/plugin-network-bridge'))),
  'cri-docker': picked(() => plugin(import('@davit/plugin-cri-docker'))),
  'cri-containerd': picked(() => plugin(import('@davit/plugin-cri-containerd'))),
  'cri-process': picked(() => plugin(import('@davit/plugin-cri-process'))),
  'cri-hollow': picked(() => plugin(import('@davit/plugin-cri-hollow'))),
}

/** What an agent runs beside the runtimes and proxy modes of its node: its API is elsewhere. */
export const ofAgents: ReadonlySet<string> = new Set([
  'client-https',
  'node-connections',
  'node-server',
  'node-agent',
  'node-volumes',
  'provisioner-local-path',
  'proxy-host',
])

/** What an agent runs as well where its configuration picks it. */
export const pickedByAgents: ReadonlySet<string> = new Set(['volume-csi'])
