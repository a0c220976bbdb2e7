/** `authorizer.group('').resource('pods').namespace('default').check('create').allowed()`. */
import type { CelAuthorization, CelDecision } from '../cel.js'
import { spend } from './budget.js'
import type { Registrar } from './registrar.js'

type Decide = (asked: CelAuthorization) => CelDecision | undefined

/** The answer is not known yet. Evaluation is synchronous: it is repeated when it is. */
export class Pending extends Error {
  override readonly name = 'Pending'
}

/** As Kubernetes counts it: two of them are most of what an expression may cost. */
const checkCost = 350_000

const nothing: CelAuthorization = { path: '', verb: '', group: '', resource: '', subresource: '', namespace: '', name: '' }

/** What is asked so far. Immutable: each step makes another one. */
abstract class Asking {
  readonly decide: Decide
  readonly asked: CelAuthorization

  constructor(decide: Decide, asked: CelAuthorization) {
    this.decide = decide
    this.asked = asked
  }
}
export class Authorizer extends Asking {
  readonly request: CelAuthorization

  constructor(decide: Decide, asked: CelAuthorization, request: CelAuthorization) {
    super(decide, asked)
    this.request = request
  }
}
class PathCheck extends Asking {}
class GroupCheck extends Asking {}
class ResourceCheck extends Asking {}
export class Decision {
  readonly decided: CelDecision

  constructor(decided: CelDecision) {
    this.decided = decided
  }
}

export function createAuthorizer(decide: Decide, request: CelAuthorization): Authorizer {
  return new Authorizer(decide, nothing, request)
}

const place = 'kubernetes.authorization'
export const authorizerType = `${place}.Authorizer`

export function registerAuthorizer({ type, method }: Registrar): void {
  const classes = { Authorizer, PathCheck, GroupCheck, ResourceCheck, Decision }
  for (const [name, made] of Object.entries(classes)) type(`${place}.${name}`, made as never)

  method(
    `${authorizerType}.path(string): ${place}.PathCheck`,
    ({ decide, asked }: Authorizer, path: string) => new PathCheck(decide, { ...asked, path }),
  )
  method(
    `${authorizerType}.group(string): ${place}.GroupCheck`,
    ({ decide, asked }: Authorizer, group: string) => new GroupCheck(decide, { ...asked, group }),
  )
  method(`${authorizerType}.serviceAccount(string, string): ${authorizerType}`, impersonate)
  method(
    `${authorizerType}.requestResource(): ${place}.ResourceCheck`,
    ({ decide, request }: Authorizer) => new ResourceCheck(decide, request),
  )
  method(
    `${place}.GroupCheck.resource(string): ${place}.ResourceCheck`,
    ({ decide, asked }: GroupCheck, resource: string) => new ResourceCheck(decide, { ...asked, resource }),
  )
  for (const part of ['subresource', 'namespace', 'name'] as const) {
    method(
      `${place}.ResourceCheck.${part}(string): ${place}.ResourceCheck`,
      ({ decide, asked }: ResourceCheck, value: string) => new ResourceCheck(decide, { ...asked, [part]: value }),
    )
  }
  method(`${place}.ResourceCheck.check(string): ${place}.Decision`, check)
  method(`${place}.PathCheck.check(string): ${place}.Decision`, check)
  method(`${place}.Decision.allowed(): bool`, ({ decided }: Decision) => decided.allowed)
  method(`${place}.Decision.reason(): string`, ({ decided }: Decision) => decided.reason)
  method(`${place}.Decision.errored(): bool`, ({ decided }: Decision) => decided.error !== '')
  method(`${place}.Decision.error(): string`, ({ decided }: Decision) => decided.error)
}

function impersonate({ decide, asked, request }: Authorizer, namespace: string, name: string): Authorizer {
  const serviceAccount = { namespace, name }
  return new Authorizer(decide, { ...asked, serviceAccount }, { ...request, serviceAccount })
}

function check({ decide, asked }: Asking, verb: string): Decision {
  spend(checkCost)
  const decided = decide({ ...asked, verb })
  if (!decided) throw new Pending('the authorizer has not answered yet')
  return new Decision(decided)
}
