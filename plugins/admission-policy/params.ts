/** The objects that a binding gives its policy as parameters. */
import { type Client, isNotFound, type ResourceRef } from '@davit/core/client'
import {
  type KindRegistry,
  type KubeObject,
  type ResourceKind,
  selectorFromObject,
  type ValidatingAdmissionPolicy,
  type ValidatingAdmissionPolicyBinding,
} from '@davit/core/kinds'

/** Something is wrong with the policy or its binding, not with the request. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

export interface ParamSources {
  readonly kinds: KindRegistry
  readonly client: Client
}

/** Throws where the kind is not served (now). Undefined: the policy has no parameters. */
export function paramKindOf({ spec }: ValidatingAdmissionPolicy, kinds: KindRegistry): ResourceKind | undefined {
  if (!spec.paramKind) return undefined
  const { apiVersion = '', kind = '' } = spec.paramKind
  const found = kinds.kind(apiVersion, kind)
  if (found) return found
  throw new ConfigurationError(`failed to find resource referenced by paramKind: '${apiVersion}, Kind=${kind}'`)
}

/** One evaluation for each; undefined for one without parameters. `namespace`: of the request, '' for a cluster-scoped object. */
export async function collectParams(
  kind: ResourceKind | undefined,
  { spec }: ValidatingAdmissionPolicyBinding,
  namespace: string,
  { client }: ParamSources,
): Promise<readonly (KubeObject | undefined)[]> {
  const { paramRef } = spec
  if (!kind || !paramRef) return [undefined]
  const place = placeOf(kind, paramRef.namespace ?? '', namespace)
  const found = paramRef.selector
    ? await list(client, kind, place, paramRef.selector)
    : await get(client, kind, place, paramRef.name ?? '')
  if (found.length === 0 && paramRef.parameterNotFoundAction === 'Deny') {
    throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction')
  }
  return found
}

function placeOf({ namespaced }: ResourceKind, given: string, ofRequest: string): string {
  if (!namespaced && given !== '') {
    throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  }
  if (!namespaced || given !== '') return given
  if (ofRequest !== '') return ofRequest
  throw new ConfigurationError('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources')
}

async function get(client: Client, kind: ResourceRef, namespace: string, name: string): Promise<readonly KubeObject[]> {
  try {
    return [await client.get(kind, namespace, name)]
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}

async function list(
  client: Client,
  kind: ResourceRef,
  namespace: string,
  selector: Parameters<typeof selectorFromObject>[0],
): Promise<readonly KubeObject[]> {
  const { value, error } = selectorFromObject(selector)
  if (!value) throw new ConfigurationError(error)
  const { items } = await client.list(kind, namespace === '' ? {} : { namespace })
  return items.filter(({ metadata }) => value.matches(metadata.labels))
}
