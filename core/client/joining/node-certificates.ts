/** Who a node is, and which certificates it needs. */
import type { Identity } from '../contract.js'
import type { WantedCertificate } from './request-certificate.js'

export function nodeIdentity(nodeName: string): Identity {
  return { name: `system:node:${nodeName}`, groups: ['system:nodes'], manager: 'kubelet' }
}

const subject = (nodeName: string) => ({ commonName: nodeIdentity(nodeName).name, organizations: ['system:nodes'] })

export function clientCertificate(nodeName: string): WantedCertificate {
  return { ...subject(nodeName), signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usage: 'client auth', names: [] }
}

export function servingCertificate(nodeName: string, addresses: readonly string[]): WantedCertificate {
  const names = [nodeName, ...addresses]
  return { ...subject(nodeName), signerName: 'kubernetes.io/kubelet-serving', usage: 'server auth', names }
}
