/** Families of a service's addresses, in a cluster whose range has one family. */
import { type FieldError, invalid, type ServiceSpec } from '../kinds/contract.js'

const own = 'IPv4'
const other = 'IPv6'
const single = 'SingleStack'

/**
 * Fills in families and policy where the client left them out, changing `spec`; answers what this cluster cannot do. Not
 * for services of type ExternalName. `spec.clusterIPs` is as the client sent it.
 */
export function settleFamilies(spec: ServiceSpec): FieldError[] {
  const addresses = spec.clusterIPs ?? []
  spec.ipFamilyPolicy ??= single
  const policy = spec.ipFamilyPolicy
  const families = [...(spec.ipFamilies ?? [])]
  const errors: FieldError[] = []
  if (policy === single) {
    for (const [field, list] of [['clusterIPs', addresses] as const, ['ipFamilies', families] as const]) {
      if (list.length < 2) continue
      const detail = `must be RequireDualStack or PreferDualStack when multiple '${field}' are specified`
      errors.push(invalid('spec.ipFamilyPolicy', policy, detail))
    }
  }
  for (const [index, address] of addresses.entries()) {
    if (address === 'None') break
    if (index < families.length) continue
    if (!address.includes(':')) families.push(own)
    else errors.push(invalid(`spec.clusterIPs[${index}]`, addresses, `${other} is not configured on this cluster`))
  }
  if (errors.length > 0) return errors
  if (addresses[0] === 'None' && Object.keys(spec.selector ?? {}).length === 0) {
    spec.ipFamilies = servedElsewhere(families, policy)
    return []
  }
  if (policy === 'RequireDualStack') {
    errors.push(invalid('spec.ipFamilyPolicy', policy, 'this cluster is not configured for dual-stack services'))
  }
  for (const [index, family] of families.entries()) {
    if (family !== own) errors.push(invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'))
  }
  spec.ipFamilies = families.length === 0 ? [own] : families
  return errors
}

/** Whoever writes the endpoints of a headless service without a selector may have other families than the cluster. */
function servedElsewhere(families: string[], policy: string): string[] {
  if (families.length === 0) families.push(own)
  if (families.length === 1 && policy !== single) families.push(families[0] === own ? other : own)
  return families
}
