/** ConfigMaps and Secrets: keys that become file names, a size that fits the store, and the promise never to change. */
import type { FieldError, KubeObject, Strategy } from '../contract.js'
import { equalOrEmpty } from '../equal.js'
import { checkImmutable, checkName, forbidden, invalid, required, tooLong } from '../field-error.js'
import { configKey } from '../names.js'
import type { ConfigMap, Secret } from '../types.js'

const SIZE_LIMIT = 1024 * 1024
const FROZEN = 'field is immutable when `immutable` is set'

export const configMapStrategy: Strategy = {
  validate(object) {
    const errors: FieldError[] = []
    const { data = {}, binaryData = {} } = object as ConfigMap
    let size = 0
    for (const [key, value] of Object.entries(data)) {
      checkName(errors, `data[${key}]`, key, configKey)
      if (Object.hasOwn(binaryData, key)) errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
      size += Buffer.byteLength(value)
    }
    for (const [key, value] of Object.entries(binaryData)) {
      checkName(errors, `binaryData[${key}]`, key, configKey)
      size += bytesOf(value)
    }
    if (size > SIZE_LIMIT) errors.push(tooLong('data', SIZE_LIMIT))
    return errors
  },
  validateUpdate: (object, old) => checkFrozen(object, old, ['data', 'binaryData']),
}

/** How many bytes a base64 text stands for. */
function bytesOf(text: string): number {
  return Math.floor((text.length * 3) / 4)
}

function checkFrozen(object: KubeObject, old: KubeObject, fields: readonly string[]): FieldError[] {
  if (old.immutable !== true) return []
  const errors: FieldError[] = []
  if (object.immutable !== true) errors.push(forbidden('immutable', FROZEN))
  for (const field of fields) if (!equalOrEmpty(object[field], old[field])) errors.push(forbidden(field, FROZEN))
  return errors
}

/** What a Secret of a type must hold; one of a list of lists of keys. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
}
const ACCOUNT = 'kubernetes.io/service-account.name'

export const secretStrategy: Strategy = {
  defaults(object) {
    const secret = object as Secret
    secret.type ||= 'Opaque'
    if (secret.stringData === undefined) return
    secret.data ??= {}
    for (const [key, value] of Object.entries(secret.stringData)) secret.data[key] = Buffer.from(value).toString('base64')
    delete secret.stringData
  },
  prepareUpdate(object, old) {
    // Clients that do not know the type send none, and mean the one there is.
    if ((object as Secret).type === 'Opaque' && (old as Secret).type) (object as Secret).type = (old as Secret).type
  },
  validate(object) {
    const errors: FieldError[] = []
    const { data = {}, type = '', metadata } = object as Secret
    let size = 0
    for (const [key, value] of Object.entries(data)) {
      checkName(errors, `data[${key}]`, key, configKey)
      size += bytesOf(value)
    }
    if (size > SIZE_LIMIT) errors.push(tooLong('data', SIZE_LIMIT))
    for (const key of (Object.hasOwn(NEEDED, type) ? NEEDED[type] : undefined) ?? []) checkNeeded(errors, data, key)
    if (type === 'kubernetes.io/basic-auth' && data.username === undefined && data.password === undefined) {
      errors.push(required('data[username]'), required('data[password]'))
    }
    if (type === 'kubernetes.io/service-account-token' && !metadata.annotations?.[ACCOUNT]) {
      errors.push(required(`metadata.annotations[${ACCOUNT}]`))
    }
    return errors
  },
  validateUpdate(object, old) {
    const errors = checkFrozen(object, old, ['data'])
    checkImmutable(errors, 'type', object.type, object.type === old.type)
    return errors
  },
}

function checkNeeded(errors: FieldError[], data: Readonly<Record<string, string>>, key: string): void {
  const value = data[key]
  if (value === undefined) errors.push(required(`data[${key}]`))
  else if (key.startsWith('.docker')) {
    try {
      JSON.parse(Buffer.from(value, 'base64').toString())
    } catch {
      errors.push(invalid(`data[${key}]`, '<secret contents redacted>', 'must be valid JSON'))
    }
  }
}
