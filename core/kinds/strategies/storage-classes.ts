/** How storage is had: classes, drivers, and what is attached where. */
import type { FieldError, Strategy } from '../contract.js'
import { equalOrEmpty } from '../equal.js'
import { checkName, duplicate, forbidden, invalid, notSupported, required, tooLong } from '../field-error.js'
import { dnsSubdomain, qualifiedName } from '../names.js'
import type { CSIDriver, CSIDriverSpec, StorageClass, VolumeAttachment } from '../types.js'
import { checkUnchanged } from './shared.js'

const PARAMETERS = 512
const PARAMETERS_SIZE = 256 * 1024
const RECLAIM = ['Delete', 'Retain']
const GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType']
const LIFECYCLES = ['Ephemeral', 'Persistent']

export const storageClassStrategy: Strategy = {
  defaults(object) {
    const storage = object as StorageClass
    storage.reclaimPolicy ??= 'Delete'
    storage.volumeBindingMode ??= 'Immediate'
  },
  validate(object) {
    const errors: FieldError[] = []
    const { provisioner, reclaimPolicy = '', parameters = {}, allowedTopologies = [] } = object as StorageClass
    if (provisioner) checkName(errors, 'provisioner', provisioner.toLowerCase(), qualifiedName)
    checkParameters(errors, parameters)
    if (!RECLAIM.includes(reclaimPolicy)) errors.push(notSupported('reclaimPolicy', reclaimPolicy, RECLAIM))
    for (const [index, term] of allowedTopologies.entries()) checkTopology(errors, `allowedTopologies[${index}]`, term)
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    for (const field of ['parameters', 'provisioner', 'reclaimPolicy'] as const) {
      if (!equalOrEmpty((object as StorageClass)[field], (old as StorageClass)[field])) {
        errors.push(forbidden(field, `updates to ${field} are forbidden.`))
      }
    }
    const [now, before] = [object as StorageClass, old as StorageClass]
    checkUnchanged(errors, 'volumeBindingMode', now.volumeBindingMode, before.volumeBindingMode)
    return errors
  },
}

function checkParameters(errors: FieldError[], parameters: Readonly<Record<string, string>>): void {
  const entries = Object.entries(parameters)
  if (entries.length > PARAMETERS) errors.push(tooLong('parameters', PARAMETERS))
  let size = 0
  for (const [name, value] of entries) {
    if (name === '') errors.push(invalid('parameters', name, 'field can not be empty.'))
    size += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  if (size > PARAMETERS_SIZE) errors.push(tooLong('parameters', PARAMETERS_SIZE))
}

type Topology = NonNullable<StorageClass['allowedTopologies']>[number]

function checkTopology(errors: FieldError[], at: string, { matchLabelExpressions = [] }: Topology): void {
  const keys = new Set<string>()
  for (const [index, { key, values = [] }] of matchLabelExpressions.entries()) {
    const path = `${at}.matchLabelExpressions[${index}]`
    if (values.length === 0) errors.push(required(`${path}.values`))
    for (const [position, value] of values.entries()) {
      if (values.indexOf(value) < position) errors.push(duplicate(`${path}.values[${position}]`, value))
    }
    if (key) checkName(errors, `${path}.key`, key, qualifiedName)
    if (keys.has(key)) errors.push(duplicate(`${path}.key`, key))
    keys.add(key)
  }
}

export const csiDriverStrategy: Strategy = {
  defaults(object) {
    const driver = object as CSIDriver
    driver.spec ??= {}
    const { spec } = driver
    spec.attachRequired ??= true
    spec.podInfoOnMount ??= false
    spec.storageCapacity ??= false
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
    spec.volumeLifecycleModes ??= ['Persistent']
    spec.requiresRepublish ??= false
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as CSIDriver
    const { fsGroupPolicy = '', volumeLifecycleModes = [] } = spec
    if (!GROUP_POLICIES.includes(fsGroupPolicy)) errors.push(notSupported('spec.fsGroupPolicy', fsGroupPolicy, GROUP_POLICIES))
    checkTokens(errors, spec)
    for (const [index, mode] of volumeLifecycleModes.entries()) {
      if (!LIFECYCLES.includes(mode)) errors.push(notSupported(`spec.volumeLifecycleModes[${index}]`, mode, LIFECYCLES))
    }
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    const [now, before] = [(object as CSIDriver).spec, (old as CSIDriver).spec]
    // Kubernetes has this field under a name of its own in the message.
    checkUnchanged(errors, 'spec.attachedRequired', now.attachRequired, before.attachRequired)
    checkUnchanged(errors, 'spec.volumeLifecycleModes', now.volumeLifecycleModes, before.volumeLifecycleModes)
    return errors
  },
}

/** An empty audience is the API's own. */
function checkTokens(errors: FieldError[], { tokenRequests = [] }: CSIDriverSpec): void {
  const seen = new Set<string>()
  for (const [index, { audience = '', expirationSeconds: seconds }] of tokenRequests.entries()) {
    const at = `spec.tokenRequests[${index}]`
    if (seen.has(audience)) errors.push(duplicate(`${at}.audience`, audience))
    seen.add(audience)
    if (seconds === undefined) continue
    const field = `${at}.expirationSeconds`
    if (seconds < 600) errors.push(invalid(field, seconds, 'may not specify a duration less than 10 minutes'))
    if (seconds > 2 ** 32) errors.push(invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds'))
  }
}

const ONE_SOURCE = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'

export const volumeAttachmentStrategy: Strategy = {
  validate(object) {
    const errors: FieldError[] = []
    const { attacher, nodeName, source } = (object as VolumeAttachment).spec
    if (attacher) checkName(errors, 'spec.attacher', attacher.toLowerCase(), dnsSubdomain)
    const [volume, inline] = [source?.persistentVolumeName, source?.inlineVolumeSpec]
    if (volume === undefined && inline === undefined) errors.push(required('spec.source', ONE_SOURCE))
    else if (volume !== undefined && inline !== undefined) errors.push(forbidden('spec.source', ONE_SOURCE))
    if (nodeName) checkName(errors, 'spec.nodeName', nodeName, dnsSubdomain)
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    checkUnchanged(errors, 'spec', (object as VolumeAttachment).spec, (old as VolumeAttachment).spec)
    return errors
  },
}
