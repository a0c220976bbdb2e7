/** Lines of kubectl about workloads on simulated nodes: roll-outs, deletion with and without what they own, waiting, draining. */
import type { Line } from './kubectl-lines.js'

const labelled = (app: string) => `metadata: { name: ${app} }\nspec:\n  selector: { matchLabels: { app: ${app} } }\n`
const template = (app: string, annotations = '{}') =>
  `  template:\n    metadata: { labels: { app: ${app} }, annotations: ${annotations} }\n    spec:\n`
// Go escapes some of these characters, and `rollout undo` compares what it escaped.
const container = (image: string) =>
  `      containers: [{ name: main, image: "${image}", command: [sh, -c, "a && b > c < d"] }]\n      terminationGracePeriodSeconds: 0\n`
const job = (name: string, spec: string, annotations: string) =>
  `apiVersion: batch/v1\nkind: Job\nmetadata: { name: ${name} }\nspec:\n  ${spec}\n${template(name, annotations)}` +
  `      restartPolicy: Never\n      containers: [{ name: main, image: "work:1" }]\n`
/** Of the user jane, by a key that nobody has. */
const request =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIWU1IOENBUUF3SFRFTk1Bc0dBMVVFQXd3RWFtRnVaVEVNTUFvR0ExVUVDZ3' +
  'dEWkdWMk1Ga3dFd1lIS29aSQp6ajBDQVFZSUtvWkl6ajBEQVFjRFFnQUV2NTdwRWh4SU11dTZFUC9RYWVBS3hsMjh3MmFnbG1LV1ZpMytEVlRD' +
  'Cnc5WFZVc1ZLb2pBWFdkZlNSdjVoM0ZoSzF2L2lkdk1vKzI1emlxS1lzQXEvaEtBQU1Bb0dDQ3FHU000OUJBTUMKQTBrQU1FWUNJUUNCQWs5Y3' +
  'JYd3hQMWR3ZENUQ3lZNWxCQVJ4cnFVc3BCcFdhaHBHZ2dzdE5nSWhBTGV4WmU5RQo2eVRjdFRBcnRUU1hPSGh6RXZvOXY0NjRKdzZtK1dMZXdp' +
  'aTQKLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg=='
const signing = (name: string) =>
  `apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\nmetadata: { name: ${name} }\nspec:\n` +
  `  { request: ${request}, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth] }\n`
const definition = (group: string) =>
  `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: waits.${group} }\nspec:\n` +
  `  group: ${group}\n  scope: Namespaced\n  names: { plural: waits, singular: wait, kind: Wait }\n` +
  `  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]\n`
const claim = [
  `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: kept }\n` +
    `spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Mi } } }\n`,
  `apiVersion: v1\nkind: Pod\nmetadata: { name: keeper }\nspec:\n  terminationGracePeriodSeconds: 0\n` +
    `  containers: [{ name: main, image: "keep:1", volumeMounts: [{ name: data, mountPath: /data }] }]\n` +
    `  volumes: [{ name: data, persistentVolumeClaim: { claimName: kept } }]\n`,
].join('---\n')
const apps = (kind: string) => `apiVersion: apps/v1\nkind: ${kind}\n`

/** By the words that stand for them in the lines. `node`: to be drained. */
export const workloadFiles = (node: string): Readonly<Record<string, string>> => ({
  SET: `${apps('StatefulSet')}${labelled('db')}  replicas: 2\n  serviceName: db\n${template('db')}${container('db:1')}`,
  DAEMON: `${apps('DaemonSet')}${labelled('agent')}${template('agent')}${container('agent:1')}`,
  STUCK: `${apps('Deployment')}${labelled('stuck')}  progressDeadlineSeconds: 1\n${template('stuck')}${container('none.invalid/x')}`,
  JOBS: [
    job('done', 'backoffLimit: 0', '{ hollow.davit.dev/exit-code: "0" }'),
    job('broken', 'backoffLimit: 0', '{ hollow.davit.dev/exit-code: "3" }'),
    job('held', 'suspend: true', '{}'),
  ].join('---\n'),
  DEFINITION: definition(`${node}.example.com`),
  GRANTED: signing(`granted-${node}`),
  DENIED: signing(`denied-${node}`),
  CLAIM: claim,
  PINNED: [
    `${apps('Deployment')}${labelled('pinned')}  replicas: 2\n${template('pinned')}${container('pinned:1')}` +
      `      nodeSelector: { kubernetes.io/hostname: ${node} }\n`,
    `apiVersion: policy/v1\nkind: PodDisruptionBudget\n${labelled('pinned')}  minAvailable: 1\n`,
  ].join('---\n'),
})

/** What is the same for each kind that keeps its history in ControllerRevisions. */
const rolled = (object: string, file: string, image: string, complete: string): readonly Line[] => [
  [`apply -f ${file}`, 'created'],
  [`rollout status ${object} --timeout=30s`, complete],
  [`set image ${object} main=${image}:2`, 'image updated'],
  [`rollout status ${object} --timeout=30s`, complete],
  [`rollout history ${object}`, /REVISION +CHANGE-CAUSE\n1 .*\n2 /],
  [`rollout history ${object} --revision=1`, /Image:\s+\w+:1\n/],
  [`rollout undo ${object}`, 'rolled back'],
  [`rollout status ${object} --timeout=30s`, complete],
  [`get ${object} -o jsonpath={.spec.template.spec.containers[0].image}`, new RegExp(`^${image}:1$`)],
  [`rollout undo ${object} --to-revision=3`, 'skipped rollback (current template already matches revision 3)'],
  [`rollout undo ${object} --to-revision=9`, 'unable to find specified revision 9 in history', 1],
  [`rollout restart ${object}`, 'restarted'],
  [`rollout status ${object} --timeout=30s`, complete],
  [`rollout pause ${object}`, 'pausing is not supported', 1],
]

const deployments: readonly Line[] = [
  ['create deployment front --image=front:1 --replicas=2', 'deployment.apps/front created'],
  ['rollout status deploy/front --timeout=30s', 'successfully rolled out'],
  ['rollout pause deploy/front', 'paused'],
  ['set image deploy/front front=front:2', 'image updated'],
  ['rollout undo deploy/front --to-revision=1', 'cannot rollback a paused deployment', 1],
  ['get rs -l app=front --no-headers', /^front-\S+ +2 +2 +2 .*\n$/],
  ['rollout resume deploy/front', 'resumed'],
  ['rollout status deploy/front --timeout=30s', 'successfully rolled out'],
  ['rollout history deploy/front --revision=2', /Image:\s+front:2\n/],
  ['rollout undo deploy/front --to-revision=2', 'skipped rollback (current template already matches revision 2)'],
  ['rollout undo deploy/front', 'rolled back'],
  ['rollout history deploy/front', /REVISION +CHANGE-CAUSE\n2 .*\n3 /],
  ['rollout status deploy/front --timeout=30s', 'successfully rolled out'],
  ['apply -f STUCK', 'created'],
  ['rollout status deploy/stuck --timeout=30s', 'deployment "stuck" exceeded its progress deadline', 1],
  ['wait --for=condition=Progressing=false deploy/stuck --timeout=5s', 'condition met'],
  ['wait --for=condition=Available deploy/stuck --timeout=100ms', 'timed out waiting for the condition', 1],
]
const sets: readonly Line[] = [
  ...rolled('sts/db', 'SET', 'db', 'roll out complete: 2 new pods have been updated'),
  ['scale sts db --replicas=3', 'scaled'],
  ['wait --for=jsonpath={.status.availableReplicas}=3 sts/db --timeout=20s', 'condition met'],
  ['delete pod db-1', 'pod "db-1" deleted'],
  ['wait --for=condition=Ready pod/db-1 --timeout=20s', 'condition met'],
  ['delete sts db --cascade=orphan', 'statefulset.apps "db" deleted'],
  ['get pods -l app=db -o name', /^pod\/db-0\npod\/db-1\npod\/db-2\n$/],
  ['apply -f SET', 'statefulset.apps/db created'],
  ['wait --for=delete pod/db-2 --timeout=20s', /^$|condition met/],
  ['wait --for=jsonpath={.status.readyReplicas}=2 sts/db --timeout=20s', 'condition met'],
  ['delete sts db --cascade=foreground', 'statefulset.apps "db" deleted'],
  ['get pods -l app=db', 'No resources found'],
  ...rolled('ds/agent', 'DAEMON', 'agent', 'daemon set "agent" successfully rolled out'),
  ['delete ds agent --cascade=orphan', 'daemonset.apps "agent" deleted'],
  ['apply -f DAEMON', 'daemonset.apps/agent created'],
  ['rollout status ds/agent --timeout=30s', 'daemon set "agent" successfully rolled out'],
  ['delete ds agent --cascade=foreground', 'daemonset.apps "agent" deleted'],
  ['get pods -l app=agent', 'No resources found'],
]
const waiting: readonly Line[] = [
  ['apply -f JOBS', 'job.batch/held created'],
  ...['SuccessCriteriaMet', 'Complete'].map(
    (type): Line => [`wait --for=condition=${type} job/done --timeout=20s`, 'condition met'],
  ),
  ...['FailureTarget', 'Failed'].map((type): Line => [`wait --for=condition=${type} job/broken --timeout=20s`, 'condition met']),
  ['wait --for=condition=Suspended job/held --timeout=20s', 'condition met'],
  ...['Available', 'Progressing'].map(
    (type): Line => [`wait --for=condition=${type} deploy/front --timeout=20s`, 'condition met'],
  ),
  ...['PodReadyToStartContainers', 'PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map(
    (type): Line => [`wait --for=condition=${type} pod -l app=front --timeout=20s`, /condition met\n.*condition met/],
  ),
  ['wait --for=jsonpath={.status.readyReplicas}=2 deploy/front --timeout=20s', 'condition met'],
  ['wait --for=jsonpath={.status.succeeded}=1 job/done --timeout=20s', 'condition met'],
  ['autoscale deploy front --min=1 --max=3 --cpu-percent=80', 'horizontalpodautoscaler.autoscaling/front autoscaled'],
  ['wait --for=condition=AbleToScale hpa/front --timeout=20s', 'condition met'],
  ['wait --for=condition=ScalingActive=false hpa/front --timeout=20s', 'condition met'],
  ['delete hpa front', 'horizontalpodautoscaler.autoscaling "front" deleted'],
  ['create quota none --hard=pods=0', 'resourcequota/none created'],
  ['create deployment refused --image=refused:1', 'created'],
  ['wait --for=condition=ReplicaFailure deploy/refused --timeout=20s', 'condition met'],
  ['wait --for=condition=ReplicaFailure rs -l app=refused --timeout=20s', 'condition met'],
  ['delete deploy/refused quota/none', 'resourcequota "none" deleted'],
  ['wait --for=condition=Ready node/one --timeout=20s', 'condition met'],
  ...['MemoryPressure', 'DiskPressure', 'PIDPressure'].map(
    (type): Line => [`wait --for=condition=${type}=false node/one --timeout=20s`, 'condition met'],
  ),
  ['apply -f DEFINITION', 'created'],
  ...['NamesAccepted', 'Established'].map(
    (type): Line => [`wait --for=condition=${type} -f DEFINITION --timeout=20s`, 'condition met'],
  ),
  ['delete -f DEFINITION', 'deleted'],
  ['wait --for=condition=Available apiservice/v1.apps --timeout=20s', 'condition met'],
  ['apply -f GRANTED -f DENIED', 'created'],
  ['wait --for=condition=Approved -f GRANTED --timeout=100ms', 'timed out waiting for the condition', 1],
  ['certificate approve -f GRANTED', 'approved'],
  ['certificate deny -f DENIED', 'denied'],
  ['wait --for=condition=Approved -f GRANTED --timeout=20s', 'condition met'],
  ['wait --for=condition=Denied -f DENIED --timeout=20s', 'condition met'],
  ['delete -f GRANTED -f DENIED', 'deleted'],
  ['apply -f CLAIM', 'created'],
  ['wait --for=jsonpath={.status.phase}=Bound pvc/kept --timeout=20s', 'persistentvolumeclaim/kept condition met'],
  ['wait --for=condition=Ready pod/keeper --timeout=20s', 'condition met'],
  ['delete -f CLAIM', 'pod "keeper" deleted'],
  ['wait --for=jsonpath={.status.phase}=Active namespace/verbs --timeout=5s', 'condition met'],
]
const draining: readonly Line[] = [
  ['apply -f PINNED', 'poddisruptionbudget.policy/pinned created'],
  ['rollout status deploy/pinned --timeout=30s', 'successfully rolled out'],
  ['wait --for=condition=DisruptionAllowed pdb/pinned --timeout=20s', 'condition met'],
  // The first may go; who comes instead finds no other node, so the second has to stay.
  [
    'drain one --ignore-daemonsets --pod-selector=app=pinned --timeout=2s',
    "Cannot evict pod as it would violate the pod's disruption budget",
    1,
  ],
  ['get deploy pinned -o jsonpath={.status.availableReplicas}', /^1$/],
  ['wait --for=condition=DisruptionAllowed=false pdb/pinned --timeout=20s', 'condition met'],
  ['uncordon one', 'node/one uncordoned'],
  ['rollout status deploy/pinned --timeout=30s', 'successfully rolled out'],
  ['delete deploy/pinned deploy/front deploy/stuck pdb/pinned', 'poddisruptionbudget.policy "pinned" deleted'],
]

export const workloadLines: readonly Line[] = [...deployments, ...sets, ...waiting, ...draining]
