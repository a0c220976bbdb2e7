/**
 * What lets machines join, made with the first token, so that a cluster that never had one gives nobody these rights. What
 * stands there already is left as it is: an administrator may have narrowed it.
 */
import { type Connection, statusError } from '../kube/connection.js'
import { joiningGroup } from './bootstrap-token.js'

interface JoiningObject {
  readonly collection: string
  readonly object: { readonly metadata: { readonly name: string } }
}
interface Subject {
  readonly kind: 'Group' | 'User'
  readonly name: string
}
interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}

const rbac = '/apis/rbac.authorization.k8s.io/v1'
const apiVersion = 'rbac.authorization.k8s.io/v1'
const apiGroup = 'rbac.authorization.k8s.io'
const requests = 'system:certificates.k8s.io:certificatesigningrequests'
const joiners: Subject = { kind: 'Group', name: joiningGroup }
const nodes: Subject = { kind: 'Group', name: 'system:nodes' }
const kubePublic = '/api/v1/namespaces/kube-public'
const clusterInfoReader = 'davit:cluster-info'

const role = (name: string, ...rules: Rule[]): JoiningObject => ({
  collection: `${rbac}/clusterroles`,
  object: { apiVersion, kind: 'ClusterRole', metadata: { name }, rules } as JoiningObject['object'],
})
const binding = (name: string, roleName: string, subject: Subject): JoiningObject => ({
  collection: `${rbac}/clusterrolebindings`,
  object: {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup, kind: 'ClusterRole', name: roleName },
    subjects: [{ apiGroup, ...subject }],
  } as JoiningObject['object'],
})

/** `ca`: PEM. */
export function joiningObjects(server: string, ca: string): readonly JoiningObject[] {
  return [
    binding('davit:node-bootstrap', 'system:node-bootstrapper', joiners),
    binding('davit:node-autoapprove-bootstrap', `${requests}:nodeclient`, joiners),
    binding('davit:node-autoapprove-certificate-rotation', `${requests}:selfnodeclient`, nodes),
    role('davit:node-serving', {
      apiGroups: ['certificates.k8s.io'],
      resources: ['certificatesigningrequests/selfnodeserver'],
      verbs: ['create'],
    }),
    binding('davit:node-autoapprove-serving', 'davit:node-serving', nodes),
    // Before it asks for a name, a machine looks whether another has it.
    role('davit:get-nodes', { apiGroups: [''], resources: ['nodes'], verbs: ['get'] }),
    binding('davit:get-nodes', 'davit:get-nodes', joiners),
    // Volumes that are folders of a node are removed by its agent, which then lets go of them;
    // admission lets them write nothing else of volumes.
    role('davit:node-volumes', {
      apiGroups: [''],
      resources: ['persistentvolumes'],
      verbs: ['get', 'list', 'watch', 'update'],
    }),
    binding('davit:node-volumes', 'davit:node-volumes', nodes),
    // The proxy of a node runs in its agent, and as the node.
    binding('davit:node-proxier', 'system:node-proxier', nodes),
    ...clusterInfo(server, ca),
  ]
}

/** Where a cluster is and under which CA: for everybody to read, and to be believed by the hash of the CA alone. */
function clusterInfo(server: string, ca: string): JoiningObject[] {
  const cluster = { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') }
  const kubeconfig = { apiVersion: 'v1', kind: 'Config', clusters: [{ name: '', cluster }], contexts: [], users: [] }
  const metadata = { name: clusterInfoReader, namespace: 'kube-public' }
  const rules = [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['cluster-info'], verbs: ['get'] }]
  const roleRef = { apiGroup, kind: 'Role', name: clusterInfoReader }
  const subjects = [{ apiGroup, kind: 'User', name: 'system:anonymous' }]
  const inPublic = `${rbac}/namespaces/kube-public`
  const info = { name: 'cluster-info', namespace: 'kube-public' }
  return [
    {
      collection: `${kubePublic}/configmaps`,
      object: {
        ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: info },
        data: { kubeconfig: JSON.stringify(kubeconfig) },
      } as JoiningObject['object'],
    },
    { collection: `${inPublic}/roles`, object: { apiVersion, kind: 'Role', metadata, rules } as JoiningObject['object'] },
    {
      collection: `${inPublic}/rolebindings`,
      object: { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects } as JoiningObject['object'],
    },
  ]
}

export async function ensureJoining(connection: Connection, server: string, ca: string): Promise<void> {
  await Promise.all(
    joiningObjects(server, ca).map(async ({ collection, object }) => {
      const { code, body } = await connection.raw('POST', collection, { body: object })
      if (code >= 300 && code !== 409) throw statusError(code, body)
    }),
  )
}
