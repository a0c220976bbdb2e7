/** Rules of a pod's volumes: unique names, one source each, and the sources that can be written wrongly by hand. */
import type { FieldError } from '../contract.js'
import { checkName, duplicate, forbidden, invalid, required } from '../field-error.js'
import { configKey, dnsLabel, dnsSubdomain } from '../names.js'
import { compareQuantities } from '../quantity.js'
import type { KeyToPath, Volume, VolumeProjection } from '../types.js'
import { checkFieldRef, checkResourceRef, fileFields } from './field-refs.js'
import { checkClaimSpec } from './storage.js'

export function hasVolumeSource(volume: Volume): boolean {
  for (const key in volume) if (key !== 'name' && volume[key as keyof Volume] !== undefined) return true
  return false
}

/** Answers them by name, for the mounts to be held against. */
export function checkVolumes(errors: FieldError[], path: string, volumes: readonly Volume[]): ReadonlyMap<string, Volume> {
  const names = new Map<string, Volume>()
  for (let index = 0; index < volumes.length; index++) {
    const volume = volumes[index] as Volume
    const at = `${path}[${index}]`
    if (!volume.name) errors.push(required(`${at}.name`))
    else checkName(errors, `${at}.name`, volume.name, dnsLabel)
    if (names.has(volume.name)) errors.push(duplicate(`${at}.name`, volume.name))
    names.set(volume.name, volume)
    checkSource(errors, at, volume)
  }
  return names
}

function checkSource(errors: FieldError[], at: string, volume: Volume): void {
  let first = true
  for (const key in volume) {
    if (key === 'name' || volume[key as keyof Volume] === undefined) continue
    if (!first) errors.push(forbidden(`${at}.${key}`, 'may not specify more than 1 volume type'))
    first = false
  }
  if (first) errors.push(required(at, 'must specify a volume type'))
  checkMode(errors, `${at}.secret.defaultMode`, volume.secret?.defaultMode)
  checkMode(errors, `${at}.configMap.defaultMode`, volume.configMap?.defaultMode)
  checkMode(errors, `${at}.downwardAPI.defaultMode`, volume.downwardAPI?.defaultMode)
  checkMode(errors, `${at}.projected.defaultMode`, volume.projected?.defaultMode)
  if (volume.secret !== undefined) {
    if (!volume.secret.secretName) errors.push(required(`${at}.secret.secretName`))
    checkItems(errors, `${at}.secret.items`, volume.secret.items)
  }
  if (volume.configMap !== undefined) {
    if (!volume.configMap.name) errors.push(required(`${at}.configMap.name`))
    checkItems(errors, `${at}.configMap.items`, volume.configMap.items)
  }
  if (volume.persistentVolumeClaim !== undefined && !volume.persistentVolumeClaim.claimName) {
    errors.push(required(`${at}.persistentVolumeClaim.claimName`))
  }
  if (volume.ephemeral !== undefined) {
    const template = volume.ephemeral.volumeClaimTemplate
    if (template === undefined) errors.push(required(`${at}.ephemeral.volumeClaimTemplate`))
    else checkClaimSpec(errors, `${at}.ephemeral.volumeClaimTemplate.spec`, template.spec)
  }
  if (volume.hostPath !== undefined) checkHostPath(errors, `${at}.hostPath.path`, volume.hostPath.path)
  checkDownward(errors, `${at}.downwardAPI.items`, volume.downwardAPI?.items)
  if (volume.projected !== undefined) checkProjections(errors, `${at}.projected.sources`, volume.projected.sources ?? [])
  checkForeign(errors, at, volume)
}

function checkHostPath(errors: FieldError[], path: string, value: string | undefined): void {
  if (!value) errors.push(required(path))
  else if (value.split('/').includes('..')) errors.push(invalid(path, value, "must not contain '..'"))
}

/** Sources of elsewhere. */
function checkForeign(errors: FieldError[], at: string, volume: Volume): void {
  const { emptyDir, nfs, csi, iscsi } = volume
  if (emptyDir?.sizeLimit !== undefined && compareQuantities(emptyDir.sizeLimit, '0') < 0) {
    errors.push(forbidden(`${at}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'))
  }
  if (nfs?.path && !nfs.path.startsWith('/')) errors.push(invalid(`${at}.nfs.path`, nfs.path, 'must be an absolute path'))
  if (csi?.driver) checkName(errors, `${at}.csi.driver`, csi.driver.toLowerCase(), dnsSubdomain)
  if (iscsi?.iqn && !/^(?:iqn|eui|naa)/.test(iscsi.iqn)) {
    errors.push(invalid(`${at}.iscsi.iqn`, iscsi.iqn, 'must be valid format starting with iqn, eui, or naa'))
  }
}

function checkProjections(errors: FieldError[], path: string, sources: readonly VolumeProjection[]): void {
  const files = new Set<string>()
  for (const [index, source] of sources.entries()) {
    checkProjection(errors, `${path}[${index}]`, source)
    for (const [name, file] of filesOf(source)) {
      if (files.has(file)) errors.push(invalid(`${path}[${index}].${name}.path`, file, 'conflicting duplicate paths'))
      files.add(file)
    }
  }
}

/** With the part of the source that they are named in. */
function filesOf({ secret, configMap, downwardAPI, serviceAccountToken: token }: VolumeProjection): [string, string][] {
  const lists = { secret: secret?.items, configMap: configMap?.items, downwardAPI: downwardAPI?.items }
  const named = Object.entries(lists).flatMap(([name, items = []]) => items.map(({ path }): [string, string] => [name, path]))
  return token?.path ? [...named, ['serviceAccountToken', token.path]] : named
}

function checkProjection(errors: FieldError[], at: string, source: VolumeProjection): void {
  const sources = Object.values(source).filter((value) => value !== undefined)
  if (sources.length > 1) errors.push(forbidden(at, 'may not specify more than 1 volume type'))
  if (source.secret !== undefined) {
    if (!source.secret.name) errors.push(required(`${at}.secret.name`))
    checkItems(errors, `${at}.secret.items`, source.secret.items)
  }
  if (source.configMap !== undefined) {
    if (!source.configMap.name) errors.push(required(`${at}.configMap.name`))
    checkItems(errors, `${at}.configMap.items`, source.configMap.items)
  }
  checkDownward(errors, `${at}.downwardAPI.items`, source.downwardAPI?.items)
  const token = source.serviceAccountToken
  if (token === undefined) return
  const seconds = token.expirationSeconds ?? 3600
  const field = `${at}.serviceAccountToken.expirationSeconds`
  if (seconds < 600) errors.push(invalid(field, seconds, 'may not specify a duration less than 10 minutes'))
  if (seconds > 2 ** 32) errors.push(invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds'))
  if (!token.path) errors.push(required(`${at}.serviceAccountToken.path`))
  else checkLocalPath(errors, `${at}.serviceAccountToken.path`, token.path)
}

type DownwardItems = NonNullable<NonNullable<Volume['downwardAPI']>['items']>

function checkDownward(errors: FieldError[], path: string, items: DownwardItems | undefined): void {
  for (const [index, item] of (items ?? []).entries()) {
    const at = `${path}[${index}]`
    if (!item.path) errors.push(required(`${at}.path`))
    else checkLocalPath(errors, `${at}.path`, item.path)
    checkMode(errors, `${at}.mode`, item.mode)
    if (item.fieldRef !== undefined) checkFieldRef(errors, `${at}.fieldRef`, item.fieldRef, fileFields)
    if (item.resourceFieldRef !== undefined) checkResourceRef(errors, `${at}.resourceFieldRef`, item.resourceFieldRef, true)
    if (item.fieldRef !== undefined && item.resourceFieldRef !== undefined) {
      errors.push(invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
    } else if (item.fieldRef === undefined && item.resourceFieldRef === undefined) {
      errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'))
    }
  }
}

function checkItems(errors: FieldError[], path: string, items: readonly KeyToPath[] | undefined): void {
  for (const [index, item] of (items ?? []).entries()) {
    const at = `${path}[${index}]`
    if (!item.key) errors.push(required(`${at}.key`))
    else checkName(errors, `${at}.key`, item.key, configKey)
    if (!item.path) errors.push(required(`${at}.path`))
    else checkLocalPath(errors, `${at}.path`, item.path)
    checkMode(errors, `${at}.mode`, item.mode)
  }
}

/** Within the volume: relative, without a step up, and not where atomic writes keep their own names. */
export function checkLocalPath(errors: FieldError[], path: string, value: string): void {
  if (value.startsWith('/')) errors.push(invalid(path, value, 'must be a relative path'))
  if (value.split('/').includes('..')) errors.push(invalid(path, value, "must not contain '..'"))
  if (value.startsWith('..') && !value.startsWith('../') && value !== '..') {
    errors.push(invalid(path, value, "must not start with '..'"))
  }
}

function checkMode(errors: FieldError[], path: string, mode: number | undefined): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) {
    errors.push(invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive'))
  }
}
