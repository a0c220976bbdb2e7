/** The built-in signers: what each may be asked for. Pure. */
import type { RequestedCertificate } from '@davit/core/api'

const clientUsages = ['digital signature', 'key encipherment', 'client auth']
const servingUsages = ['digital signature', 'key encipherment', 'server auth']

interface Rules {
  readonly usages: readonly string[]
  readonly needed: string
  /** What is wrong, in words for who asked. */
  problem(asked: RequestedCertificate): string | undefined
}

const nodePrefix = 'system:node:'
export const nodeNameOf = (commonName: string): string => commonName.slice(nodePrefix.length)

const isNode = ({ commonName, organizations }: RequestedCertificate): string | undefined => {
  if (organizations.length !== 1 || organizations[0] !== 'system:nodes') return 'subject organization is not system:nodes'
  return commonName.startsWith(nodePrefix) ? undefined : `subject common name does not begin with ${nodePrefix}`
}

const rules: Readonly<Record<string, Rules>> = {
  'kubernetes.io/kube-apiserver-client': {
    usages: clientUsages,
    needed: 'client auth',
    // Whoever may approve requests would make himself the master of the cluster.
    problem: ({ organizations }) =>
      organizations.includes('system:masters')
        ? 'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed'
        : undefined,
  },
  'kubernetes.io/kube-apiserver-client-kubelet': {
    usages: clientUsages,
    needed: 'client auth',
    problem: (asked) => {
      if (asked.otherNames > 0) return 'email and URI subjectAltNames are not allowed'
      if (asked.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed'
      return asked.ipAddresses.length > 0 ? 'IP subjectAltNames are not allowed' : isNode(asked)
    },
  },
  'kubernetes.io/kubelet-serving': {
    usages: servingUsages,
    needed: 'server auth',
    problem: (asked) => {
      if (asked.dnsNames.length + asked.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required'
      return asked.otherNames > 0 ? 'email and URI subjectAltNames are not allowed' : isNode(asked)
    },
  },
}

export const isBuiltIn = (signerName: string): boolean => Object.hasOwn(rules, signerName)
export const kubeletClient = 'kubernetes.io/kube-apiserver-client-kubelet'
export const kubeletServing = 'kubernetes.io/kubelet-serving'

/** Why a signer must not sign; undefined where it may. */
export function problemOf(signerName: string, usages: readonly string[], asked: RequestedCertificate): string | undefined {
  const own = isBuiltIn(signerName) ? rules[signerName] : undefined
  if (!own) return 'no such signer'
  const foreign = usages.find((usage) => !own.usages.includes(usage))
  if (foreign !== undefined || !usages.includes(own.needed)) return `invalid usages for this signer: ${usages.join(', ')}`
  return own.problem(asked)
}
