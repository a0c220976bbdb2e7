/** Which certificates a node needs. */
import { nodeIdentity } from '../contract.js'
import type { WantedCertificate } from './request-certificate.js'

const subject = (nodeName: string) => {
  const { name, groups } = nodeIdentity(nodeName)
  return { commonName: name, organizations: groups }
}

export function clientCertificate(nodeName: string): WantedCertificate {
  return { ...subject(nodeName), signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usage: 'client auth', dnsNames: [] }
}

/** For its name alone: addresses are what a node says of itself, and nobody looks for them. */
export function servingCertificate(nodeName: string): WantedCertificate {
  const dnsNames = [nodeName]
  return { ...subject(nodeName), signerName: 'kubernetes.io/kubelet-serving', usage: 'server auth', dnsNames }
}
