// @timeout 300
// @serial client
/** Each verb of kubectl that concerns the API, in the oldest and the newest version that is here, on simulated nodes. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { Cluster } from './cluster.js'
import { Kubectl, programs } from './kubectl.js'
import { type Line, wrongLines } from './kubectl-lines.js'
import { workloadFiles, workloadLines } from './workload-lines.js'

const maps = (...modes: string[]): string =>
  modes
    .map(
      (mode, index) =>
        `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: m${index}, labels: { set: a } }\ndata: { mode: ${mode} }\n`,
    )
    .join('---\n')
/** Words in capitals, which a line of the table may have, and what is in the files of these names. */
const files = { ONE: maps('one', 'one'), TWO: maps('two', 'one'), LESS: maps('two'), THREE: maps('three') } as const

const creating: readonly Line[] = [
  ['create deployment web --image=nginx --replicas=2', 'deployment.apps/web created'],
  ['create deployment web --image=nginx', 'deployments.apps "web" already exists', 1],
  ['create configmap cm --from-literal=a=b', 'configmap/cm created'],
  ['create secret generic hidden --from-literal=p=q', 'secret/hidden created'],
  ['create service clusterip svc --tcp=80:8080', 'service/svc created'],
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
  ['rollout status deploy/web --timeout=30s', 'deployment "web" successfully rolled out'],
  ['scale deploy web --replicas=3', 'deployment.apps/web scaled'],
  ['autoscale deploy web --min=1 --max=5 --cpu-percent=80', 'horizontalpodautoscaler.autoscaling/web autoscaled'],
  ['expose deploy web --port=80', 'service/web exposed'],
  ['set image deploy/web nginx=nginx:2', 'deployment.apps/web image updated'],
  ['set env deploy/web A=1', 'deployment.apps/web env updated'],
  ['set resources deploy/web --limits=cpu=1', 'deployment.apps/web resource requirements updated'],
  ['rollout status deploy/web --timeout=30s', 'successfully rolled out'],
  ['rollout history deploy/web', /REVISION +CHANGE-CAUSE\n1 /],
  ['rollout undo deploy/web --to-revision=1', 'deployment.apps/web rolled back'],
  ['get deploy web -o jsonpath={.spec.template.spec.containers[0].image}', /^nginx$/],
  ['rollout pause deploy/web', 'deployment.apps/web paused'],
  ['rollout resume deploy/web', 'deployment.apps/web resumed'],
  ['rollout restart deploy/web', 'deployment.apps/web restarted'],
  ['rollout status deploy/web --timeout=30s', 'successfully rolled out'],
  ['label deploy web tier=front', 'deployment.apps/web labeled'],
  ['annotate deploy web note=x', 'deployment.apps/web annotate'],
  ['label deploy web tier-', 'deployment.apps/web unlabeled'],
  ['patch deploy web -p {"spec":{"minReadySeconds":1}}', 'deployment.apps/web patched'],
  ['patch deploy web --type=merge -p {"spec":{"minReadySeconds":0}}', 'deployment.apps/web patched'],
  ['patch deploy web --type=json -p [{"op":"replace","path":"/spec/replicas","value":2}]', 'deployment.apps/web patched'],
  ['patch deploy web --type=json -p [{"op":"test","path":"/spec/replicas","value":7}]', /test.*failed|Invalid|unprocessable/i, 1],
  ['wait --for=condition=Available deploy/web --timeout=20s', 'deployment.apps/web condition met'],
]
const applying: readonly Line[] = [
  ['apply -f ONE', 'configmap/m0 created\nconfigmap/m1 created\n'],
  ['apply -f ONE', 'configmap/m0 unchanged\nconfigmap/m1 unchanged\n'],
  ['diff -f ONE', /^$/],
  ['diff -f TWO', '+  mode: two', 1],
  ['apply -f TWO --dry-run=server', 'configmap/m0 configured (server dry run)'],
  ['apply -f TWO', 'configmap/m0 configured\nconfigmap/m1 unchanged\n'],
  ['apply -f LESS --prune -l set=a', 'configmap/m1 pruned'],
  ['get cm m1', 'Error from server (NotFound): configmaps "m1" not found', 1],
  ['apply --server-side --field-manager=other --force-conflicts -f LESS', 'configmap/m0 serverside-applied'],
  ['apply --server-side --field-manager=third -f THREE', /conflicts? with "other".*\n?.*\.data\.mode/, 1],
  ['apply --server-side --field-manager=third --force-conflicts -f THREE', 'configmap/m0 serverside-applied'],
  ['create -f THREE', 'Error from server (AlreadyExists): error when creating', 1],
  ['replace -f LESS', 'configmap/m0 replaced'],
  ['replace --force -f LESS', 'configmap/m0 replaced'],
  ['edit cm m0', 'configmap/m0 edited'],
  ['get cm m0 -o jsonpath={.data.mode}', /^edited$/],
]
const kinds = [
  'deploy',
  'rs',
  'pods',
  'svc',
  'cm',
  'secret',
  'job',
  'cronjob',
  'quota',
  'role',
  'rolebinding',
  'sa',
  'pdb',
  'ing',
  'hpa',
]
const reading: readonly Line[] = [
  ...kinds.flatMap((kind): Line[] => [
    [`get ${kind}`, /^NAME +\S.*\n\S/],
    [`get ${kind} -o wide`, /^NAME +\S.*\n\S/],
    [`get ${kind} -o json`, '"kind": "List"'],
    [`get ${kind} -o yaml`, 'kind: List'],
    [`get ${kind} -o name`, /^\S+\/\S+\n/],
    [`describe ${kind}`, /^Name: +\S/],
  ]),
  ['get all', 'deployment.apps/web'],
  ['get pods -A', /^NAMESPACE +NAME /],
  ['get pods --field-selector=status.phase=Running', /web-\S+ +1\/1 +Running/],
  ['get pods --field-selector=status.phase=Failed', 'No resources found'],
  ['get pods -l app=web --chunk-size=1', /web-.*\nweb-/],
  ['get pods --sort-by=.metadata.name -o custom-columns=N:.metadata.name', /^N\n\S/],
  ['get deploy -o go-template={{range.items}}{{.metadata.name}}{{end}}', /^web$/],
  ['get --raw /readyz', /^ok$/],
  ['get nosuch', `error: the server doesn't have a resource type "nosuch"`, 1],
  ['explain pod.spec.containers', 'FIELD: containers'],
  ['explain deploy --recursive', 'progressDeadlineSeconds'],
  ['api-resources', /deployments +deploy +apps\/v1 +true +Deployment/],
  ['api-versions', 'rbac.authorization.k8s.io/v1'],
  ['cluster-info', 'Kubernetes control plane'],
  ['version', 'Server Version'],
  ['auth can-i get pods', /^yes\n/],
  ['auth can-i get pods --as=joe', /^no\n/, 1],
  ['auth can-i --list', '*.*'],
  ['events', 'SuccessfulCreate'],
  ['top nodes', /^NAME +CPU\(cores\) +CPU/],
  ['top pods -l app=web', /^NAME +CPU\(cores\) +MEMORY\(bytes\) *\nweb-\S+ +0m +0Mi/],
]
const ending: readonly Line[] = [
  ['cordon one', 'node/one cordoned'],
  ['get node one', 'Ready,SchedulingDisabled'],
  ['uncordon one', 'node/one uncordoned'],
  ['taint node one a=b:NoSchedule', 'node/one tainted'],
  ['taint node one a-', 'node/one untainted'],
  ['delete pdb,quota --all', 'poddisruptionbudget.policy "pdb"'],
  ['drain one --ignore-daemonsets --force --timeout=30s', 'node/one drained'],
  ['delete deploy web --cascade=orphan', 'deployment.apps "web" deleted'],
  ['get rs -l app=web -o name', /^replicaset\.apps\/web-/],
  ['delete rs -l app=web --cascade=foreground', 'replicaset.apps "web-'],
  ['get rs -l app=web', 'No resources found'],
  ['delete cm,job,cronjob,svc --all', 'configmap "cm"'],
  ['delete namespace verbs --timeout=60s', 'namespace "verbs" deleted'],
  ['get namespace verbs', 'Error from server (NotFound): namespaces "verbs" not found', 1],
  ['uncordon one', 'node/one uncordoned'],
]

test(
  'every verb does what it says, in the words that it has for Kubernetes',
  async (t) => {
    // One node for each version to cordon and drain, and one that always stays.
    const cluster = await Cluster.start('--runtime', 'hollow', '--nodes', '3', '--proxy', 'none')
    t.defer(() => cluster.stop())
    const versions = await programs()
    const nodes = (await cluster.list('/api/v1/nodes')).map(({ metadata }) => metadata.name)
    const check = async ([version, program]: (typeof versions)[number], index: number): Promise<string[]> => {
      const home = await t.directory()
      const [node, namespace] = [nodes[index] ?? '', `verbs-${version.replace('.', '-')}`]
      const words = new Map([
        ['one', node],
        ['verbs', namespace],
      ])
      for (const [name, text] of Object.entries({ ...files, ...workloadFiles(node) })) {
        words.set(name, path.join(home, name))
        await writeFile(path.join(home, name), text)
      }
      const plain = new Kubectl(program, ['--kubeconfig', cluster.kubeconfig], home)
      await plain.said('create', 'namespace', namespace)
      const isNewest = index === versions.length - 1
      const lines = [...creating, ...changing, ...applying, ...reading, ...(isNewest ? workloadLines : []), ...ending]
      const editing = { EDITOR: 'sed -i s/mode:.two/mode:\\ edited/' }
      const wrong = await wrongLines(plain.with('--namespace', namespace), lines, words, editing)
      return wrong.map((line) => `${version}: ${line}`)
    }
    assert.equal((await Promise.all(versions.map(check))).flat(), [])
  },
  { requires: ['kubectl'], timeoutMs: 280_000 },
)
