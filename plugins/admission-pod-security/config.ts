import { type Static, Type } from '@davit/core/kernel'

const level = (mode: string) =>
  Type.Union([Type.Literal('privileged'), Type.Literal('baseline'), Type.Literal('restricted')], {
    default: 'privileged',
    description: `Level that is to ${mode} where a namespace has no label for it.`,
  })
const version = (mode: string) =>
  Type.String({
    pattern: '^(latest|v1\\.[0-9]+)$',
    default: 'latest',
    description: `Version of the standards that is to ${mode} where a namespace has no label for it: "latest" or "v1.<minor>".`,
  })
const names = (what: string) =>
  Type.Array(Type.String(), { default: [], description: `Names of ${what} that nothing is checked for.` })

export const podSecurityConfig = {
  version: 1,
  schema: Type.Object({
    enforce: level('enforce'),
    enforceVersion: version('enforce'),
    audit: level('audit'),
    auditVersion: version('audit'),
    warn: level('warn'),
    warnVersion: version('warn'),
    exemptUsernames: names('users'),
    exemptRuntimeClasses: names('runtime classes'),
    exemptNamespaces: names('namespaces'),
  }),
}
export type PodSecurityConfig = Static<typeof podSecurityConfig.schema>
