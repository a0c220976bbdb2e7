/** What the expressions of a policy say about fields that the kinds they are about do not have. */
import type { Cel, CelType, ExpressionWarning, KindRegistry, ResourceKind, ValidatingAdmissionPolicy } from '@davit/core/kinds'
import { compilePolicy } from './compiled-policy.js'
import { expressionsOf } from './validation.js'

/** So many kinds of one policy are looked at. */
const mostKinds = 10

export function typeWarnings(cel: Cel, { spec }: ValidatingAdmissionPolicy, registry: KindRegistry): ExpressionWarning[] {
  const params = paramsType(cel, spec.paramKind, registry)
  const sound = new Set(expressionsOf(compilePolicy(cel, spec)).flatMap(({ field, program }) => (program ? [field] : [])))
  const byField = new Map<string, string[]>()
  for (const kind of kindsOf(spec.matchConstraints?.resourceRules ?? [], registry)) {
    const checked = compilePolicy(cel, spec, cel.kindType(kind), params)
    for (const { field, problem } of expressionsOf(checked)) {
      if (problem === undefined || !sound.has(field)) continue
      const text = `${kind.group}/${kind.version}, Kind=${kind.kind}: ${problem.replace(/^compilation failed: /, '')}`
      byField.set(field, [...(byField.get(field) ?? []), text])
    }
  }
  return [...byField].map(([fieldRef, texts]) => ({ fieldRef, warning: texts.join('\n') }))
}

function paramsType(cel: Cel, paramKind: ValidatingAdmissionPolicy['spec']['paramKind'], registry: KindRegistry): CelType {
  const kind = paramKind && registry.kind(paramKind.apiVersion ?? '', paramKind.kind ?? '')
  return kind ? cel.kindType(kind) : 'dyn'
}

type Rules = NonNullable<NonNullable<ValidatingAdmissionPolicy['spec']['matchConstraints']>['resourceRules']>

/** Those that the rules name: what stands for many is not looked at. */
function kindsOf(rules: Rules, registry: KindRegistry): readonly ResourceKind[] {
  const found = new Set<ResourceKind>()
  for (const { apiGroups = [], apiVersions = [], resources = [] } of rules) {
    for (const group of apiGroups)
      for (const version of apiVersions)
        for (const resource of resources) {
          const kind = registry.resource(group, version, resource)
          if (kind) found.add(kind)
        }
  }
  return [...found].slice(0, mostKinds)
}
