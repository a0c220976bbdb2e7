/** What every node may do, whatever runs on it: that of Kubernetes' role system:node which no closer look limits. */
import type { AuthorizationRequest } from '@davit/core/api'

const read = ['get', 'list', 'watch']
const rules: ReadonlyMap<string, readonly string[]> = new Map([
  ['/services', read],
  ['/endpoints', ['get']],
  ['/events', ['create', 'patch', 'update']],
  ['events.k8s.io/events', ['create', 'patch', 'update']],
  ['authentication.k8s.io/tokenreviews', ['create']],
  ['authorization.k8s.io/subjectaccessreviews', ['create']],
  ['authorization.k8s.io/localsubjectaccessreviews', ['create']],
  ['certificates.k8s.io/certificatesigningrequests', ['create', ...read]],
  ['storage.k8s.io/csidrivers', read],
  ['node.k8s.io/runtimeclasses', read],
])

export function covers({ group, resource, subresource, verb }: AuthorizationRequest): boolean {
  return subresource === '' && (rules.get(`${group}/${resource}`)?.includes(verb) ?? false)
}
