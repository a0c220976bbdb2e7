/** Lines of kubectl, each verb that concerns the API, and the files that they speak of. */
import type { Line } from './kubectl-lines.js'

const maps = (...modes: string[]): string =>
  modes
    .map(
      (mode, index) =>
        `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: m${index}, labels: { set: a } }\ndata: { mode: ${mode} }\n`,
    )
    .join('---\n')
// Of a key that nobody has: `openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=jane`.
const certificateRequest = `-----BEGIN CERTIFICATE REQUEST-----
MIHJMHECAQAwDzENMAsGA1UEAwwEamFuZTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABMpZ/tu9NFtzvc9FcDUVetqIjCHPStG66+Qwpzz2vu0Nl023RHZlU8Kr88QY
hiQYXfwcIzGg2aiLU22S4OM4nbCgADAKBggqhkjOPQQDAgNIADBFAiEAzsECdFa1
lJZ+CDn6zrcjcco2VFlIFPGmUkC/OQFrvd0CIGrPmkgrt8vS/0Sg8FRWdhj7r5W3
AdIH39UMRVy6FirH
-----END CERTIFICATE REQUEST-----
`
/** Ends with what it hears. */
const talking = { command: ['sh', '-c', 'while read -r line; do echo "heard $line"; done'], stdin: true, stdinOnce: true }
const asked = (name: string): string =>
  `apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\nmetadata: { name: ${name} }\nspec:\n` +
  `  signerName: kubernetes.io/kube-apiserver-client\n  usages: [client auth]\n` +
  `  request: ${Buffer.from(certificateRequest).toString('base64')}\n`

/** What keeps a Pod on the node whose Pods are processes. */
const real = { nodeName: 'real', terminationGracePeriodSeconds: 1 }

/** By the words that stand for them in the lines. */
export const verbFiles = (version: string): Readonly<Record<string, string>> => ({
  ONE: maps('one', 'one'),
  TWO: maps('two', 'one'),
  LESS: maps('two'),
  THREE: maps('three'),
  // What kubectl 1.20 cannot create by words.
  SPARE:
    'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: spare }\nspec: { minAvailable: 0, selector: { matchLabels: { a: b } } }\n' +
    '---\napiVersion: batch/v1\nkind: CronJob\nmetadata: { name: spare }\nspec:\n  schedule: "0 0 1 1 *"\n  jobTemplate: { spec: { template: ' +
    '{ spec: { restartPolicy: Never, containers: [{ name: main, image: work }] } } } }\n',
  TALKER: JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'talker' },
    spec: { ...real, restartPolicy: 'Never', containers: [{ name: 'main', image: 'none', ...talking }] },
  }),
  ASKED: [asked(`asker-${version}`), asked(`denied-${version}`)].join('---\n'),
})

/** Each verb once, in every version; the arrays named `more` are for the oldest and the newest. */
const creating: readonly Line[] = [
  ['create deployment web --image=nginx --replicas=2', 'deployment.apps/web created'],
  ['create configmap cm --from-literal=a=b', 'configmap/cm created'],
  ['create service clusterip svc --tcp=80:8080', 'service/svc created'],
  ['apply -f SPARE', 'poddisruptionbudget.policy/spare created\ncronjob.batch/spare created'],
]
const moreCreating: readonly Line[] = [
  ['create deployment web --image=nginx', 'deployments.apps "web" already exists', 1],
  ['create secret generic hidden --from-literal=p=q', 'secret/hidden created'],
  ['create service nodeport np --tcp=80', 'service/np created'],
  ['create job j --image=busybox -- true', 'job.batch/j created'],
  ['create cronjob cj --image=busybox --schedule=@daily -- true', 'cronjob.batch/cj created'],
  ['create quota q --hard=pods=50', 'resourcequota/q created'],
  ['create role r --verb=get --resource=pods', 'role.rbac.authorization.k8s.io/r created'],
  ['create rolebinding rb --role=r --user=jane', 'rolebinding.rbac.authorization.k8s.io/rb created'],
  ['create serviceaccount sa', 'serviceaccount/sa created'],
  ['create token sa', /^ey[\w-]+\.[\w-]+\.[\w-]+\s*$/],
  ['create poddisruptionbudget pdb --selector=app=web --min-available=1', 'poddisruptionbudget.policy/pdb created'],
  ['create ingress ing --rule=a.example/=svc:80', 'ingress.networking.k8s.io/ing created'],
]
const changing: readonly Line[] = [
  ['rollout status deploy/web --timeout=60s', 'deployment "web" successfully rolled out'],
  ['scale deploy web --replicas=3', 'deployment.apps/web scaled'],
  ['autoscale deploy web --min=1 --max=5 --cpu-percent=80', 'horizontalpodautoscaler.autoscaling/web autoscaled'],
  ['expose deploy web --port=80', 'service/web exposed'],
  ['set image deploy/web nginx=nginx:2', 'deployment.apps/web image updated'],
  ['rollout history deploy/web', /REVISION +CHANGE-CAUSE\n1 /],
  ['rollout undo deploy/web --to-revision=1', 'deployment.apps/web rolled back'],
  ['rollout pause deploy/web', 'deployment.apps/web paused'],
  ['rollout resume deploy/web', 'deployment.apps/web resumed'],
  ['rollout restart deploy/web', 'deployment.apps/web restarted'],
  ['label deploy web tier=front', 'deployment.apps/web labeled'],
  ['annotate deploy web note=x', 'deployment.apps/web annotate'],
  ['patch deploy web -p {"spec":{"minReadySeconds":1}}', 'deployment.apps/web patched'],
  ['patch deploy web --type=merge -p {"spec":{"minReadySeconds":0}}', 'deployment.apps/web patched'],
  ['patch deploy web --type=json -p [{"op":"replace","path":"/spec/replicas","value":2}]', 'deployment.apps/web patched'],
  ['wait --for=condition=Available deploy/web --timeout=60s', 'deployment.apps/web condition met'],
]
const moreChanging: readonly Line[] = [
  ['get deploy web -o jsonpath={.spec.template.spec.containers[0].image}', /^nginx$/],
  ['set env deploy/web A=1', 'deployment.apps/web env updated'],
  ['set resources deploy/web --limits=cpu=1', 'deployment.apps/web resource requirements updated'],
  ['label deploy web tier-', 'deployment.apps/web unlabeled'],
  ['patch deploy web --type=json -p [{"op":"test","path":"/spec/replicas","value":7}]', /test.*failed|Invalid|unprocessable/i, 1],
  ['rollout status deploy/web --timeout=60s', 'successfully rolled out'],
]
const applying: readonly Line[] = [
  ['apply -f ONE', 'configmap/m0 created\nconfigmap/m1 created\n'],
  ['diff -f TWO', '+  mode: two', 1],
  ['apply -f TWO', 'configmap/m0 configured\nconfigmap/m1 unchanged\n'],
  ['apply --server-side --field-manager=other --force-conflicts -f LESS', 'configmap/m0 serverside-applied'],
  ['replace -f LESS', 'configmap/m0 replaced'],
  ['edit cm m0', 'configmap/m0 edited'],
  ['get cm m0 -o jsonpath={.data.mode}', /^edited$/],
]
const moreApplying: readonly Line[] = [
  ['apply -f TWO', 'configmap/m0 configured\nconfigmap/m1 unchanged\n'],
  ['apply -f TWO', 'configmap/m0 unchanged\nconfigmap/m1 unchanged\n'],
  ['diff -f TWO', /^$/],
  ['apply -f ONE --dry-run=server', 'configmap/m0 configured (server dry run)'],
  ['apply -f LESS --prune -l set=a', 'configmap/m1 pruned'],
  ['delete cm m1 --ignore-not-found', /^$/],
  ['get cm m1', 'Error from server (NotFound): configmaps "m1" not found', 1],
  ['apply --server-side --field-manager=other --force-conflicts -f LESS', 'configmap/m0 serverside-applied'],
  ['apply --server-side --field-manager=third -f THREE', /conflicts? with "other".*\n?.*\.data\.mode/, 1],
  ['apply --server-side --field-manager=third --force-conflicts -f THREE', 'configmap/m0 serverside-applied'],
  ['create -f THREE', 'Error from server (AlreadyExists): error when creating', 1],
  ['replace --force -f LESS', 'configmap/m0 replaced'],
]
const reading: readonly Line[] = [
  [
    'get deploy,rs,pods,svc,cm',
    /deployment\.apps\/web [\s\S]*replicaset\.apps\/web-[\s\S]*pod\/web-[\s\S]*service\/svc [\s\S]*configmap\/cm /,
  ],
  ['describe deploy web', /^Name: +web\n/],
  ['explain pod.spec.containers', 'FIELD: containers'],
  ['api-resources', /deployments +deploy +apps\/v1 +true +Deployment/],
  ['cluster-info', 'Kubernetes control plane'],
  ['version', 'Server Version'],
  ['auth can-i get pods', /^yes\n/],
  ['events', 'SuccessfulCreate'],
  ['top nodes', /^NAME +CPU\(cores\) +CPU/],
  ['top pods -l app=web', /^NAME +CPU\(cores\) +MEMORY\(bytes\) *\nweb-\S+ +0m +0Mi/],
  ['completion bash', '__start_kubectl'],
]
const kinds = 'deploy,rs,pods,svc,cm,secret,job,cronjob,quota,role,rolebinding,sa,pdb,ing,hpa'
const described = kinds.replace('cronjob,', '').replace('pdb,', '')
const names =
  'deployment.apps/web replicaset.apps/web- pod/web- service/svc configmap/cm secret/hidden job.batch/j cronjob.batch/spare ' +
  'resourcequota/q role.rbac.authorization.k8s.io/r rolebinding.rbac.authorization.k8s.io/rb serviceaccount/sa ' +
  'poddisruptionbudget.policy/spare ingress.networking.k8s.io/ing horizontalpodautoscaler.autoscaling/web'
const inThisOrder = (pattern: (name: string) => string): RegExp => new RegExp(names.split(' ').map(pattern).join('[\\s\\S]*'))
const moreReading: readonly Line[] = [
  [`get ${kinds} -o wide`, inThisOrder((name) => `NAME +[A-Z][\\s\\S]*\n${name}\\S* `)],
  [`get ${kinds} -o name`, inThisOrder((name) => `(^|\n)${name}`)],
  [`get ${kinds} -o json`, inThisOrder((name) => `"name": "${name.split('/')[1]}`)],
  [`get ${kinds} -o yaml`, inThisOrder((name) => ` name: ${name.split('/')[1]}`)],
  [`describe ${described}`, /(?:(?:^|\n)Name: +\S[\s\S]*?){13}/],
  ['describe cronjob,pdb', /^Name: +\S[\s\S]*\nName: +\S/],
  ['get all', 'deployment.apps/web'],
  ['get pods -A', /^NAMESPACE +NAME /],
  ['get pods --field-selector=status.phase=Running', /web-\S+ +1\/1 +Running/],
  ['get pods --field-selector=status.phase=Failed', 'No resources found'],
  ['get pods -l app=web --chunk-size=1', /web-.*\nweb-/],
  ['get pods --sort-by=.metadata.name -o custom-columns=N:.metadata.name', /^N\n\S/],
  ['get deploy -o go-template={{range.items}}{{.metadata.name}}{{end}}', /^web$/],
  ['get --raw /readyz', /^ok$/],
  ['get nosuch', `error: the server doesn't have a resource type "nosuch"`, 1],
  ['explain deploy --recursive', 'progressDeadlineSeconds'],
  ['api-versions', 'rbac.authorization.k8s.io/v1'],
  ['auth can-i get pods --as=joe', /^no\n/, 1],
  ['auth can-i --list', '*.*'],
]
const certifying: readonly Line[] = [
  ['create -f ASKED', 'certificatesigningrequest.certificates.k8s.io/asker created'],
  ['certificate approve asker', 'certificatesigningrequest.certificates.k8s.io/asker approved'],
  ['certificate deny denied', 'certificatesigningrequest.certificates.k8s.io/denied denied'],
  ['get csr denied', / Denied\n/],
]
/** The Pods of the first two lines are on the node whose Pods are processes. */
const entering: readonly Line[] = [
  [`run runner --image=none --overrides=${JSON.stringify({ spec: real })} --command -- sleep 1000`, 'pod/runner created'],
  ['apply -f TALKER', 'pod/talker created'],
  ['wait --for=condition=Ready pod/runner pod/talker --timeout=60s', 'pod/talker condition met'],
  ['exec runner -- echo hello', /^hello\n$/],
  ['cp ONE runner:/tmp/copied', /^$/],
  ['cp runner:/tmp/copied BACK', /^$|Removing leading/],
  ['create -f BACK --dry-run=client', 'configmap/m0 created (dry run)\nconfigmap/m1 created (dry run)\n'],
]
const moreEntering: readonly Line[] = [['exec runner -- false', 'command terminated with exit code 1', 1]]
const ending: readonly Line[] = [
  ['cordon one', 'node/one cordoned'],
  ['taint node one a=b:NoSchedule', 'node/one tainted'],
  ['taint node one a-', 'node/one untainted'],
  ['delete pdb,quota --all', 'poddisruptionbudget.policy "spare"'],
  ['drain one --ignore-daemonsets --force --timeout=60s', 'node/one drained'],
  ['uncordon one', 'node/one uncordoned'],
]
const moreEnding: readonly Line[] = [
  ['delete deploy web --cascade=orphan', 'deployment.apps "web" deleted'],
  ['get rs -l app=web -o name', /^replicaset\.apps\/web-/],
  ['delete rs -l app=web --cascade=foreground', 'replicaset.apps "web-'],
  ['get rs -l app=web', 'No resources found'],
  ['delete cm,job,cronjob,svc --all', 'configmap "cm"'],
]
const last: readonly Line[] = [
  ['delete namespace verbs --timeout=60s', 'namespace "verbs" deleted'],
  ['get namespace verbs', 'Error from server (NotFound): namespaces "verbs" not found', 1],
]

/** Before and after the verbs that are no lines, for they go on until somebody ends them. */
export const allLines = {
  before: [
    ...creating,
    ...moreCreating,
    ...changing,
    ...moreChanging,
    ...applying,
    ...moreApplying,
    ...reading,
    ...moreReading,
    ...certifying,
    ...entering,
    ...moreEntering,
  ],
  after: [...ending, ...moreEnding, ...last],
} as const
export const oneOfEach = {
  before: [...creating, ...changing, ...applying, ...reading, ...certifying, ...entering],
  after: [...ending, ...last],
} as const
