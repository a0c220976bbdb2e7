/**
 * What this plugin speaks of etcd's API v3: each field with its type and number on the wire, which are the protocol's and
 * never change. Fields that nobody here uses are left out.
 */

const messages = {
  ResponseHeader: { clusterId: 'uint64 1', revision: 'int64 3' },
  KeyValue: {
    key: 'bytes 1',
    createRevision: 'int64 2',
    modRevision: 'int64 3',
    value: 'bytes 5',
    lease: 'int64 6',
  },
  RangeRequest: {
    key: 'bytes 1',
    rangeEnd: 'bytes 2',
    limit: 'int64 3',
    revision: 'int64 4',
    keysOnly: 'bool 8',
    countOnly: 'bool 9',
  },
  RangeResponse: { header: 'ResponseHeader 1', kvs: 'repeated KeyValue 2', more: 'bool 3', count: 'int64 4' },
  PutRequest: { key: 'bytes 1', value: 'bytes 2', lease: 'int64 3' },
  DeleteRangeRequest: { key: 'bytes 1' },
  DeleteRangeResponse: { deleted: 'int64 2' },
  Compare: { result: 'int32 1', target: 'int32 2', key: 'bytes 3', modRevision: 'int64 6' },
  RequestOp: { requestRange: 'RangeRequest 1', requestPut: 'PutRequest 2', requestDeleteRange: 'DeleteRangeRequest 3' },
  ResponseOp: { responseRange: 'RangeResponse 1', responseDeleteRange: 'DeleteRangeResponse 3' },
  TxnRequest: { compare: 'repeated Compare 1', success: 'repeated RequestOp 2', failure: 'repeated RequestOp 3' },
  TxnResponse: { header: 'ResponseHeader 1', succeeded: 'bool 2', responses: 'repeated ResponseOp 3' },
  CompactionRequest: { revision: 'int64 1' },
  CompactionResponse: { header: 'ResponseHeader 1' },
  LeaseGrantRequest: { ttl: 'int64 1', id: 'int64 2' },
  LeaseGrantResponse: { header: 'ResponseHeader 1', id: 'int64 2', ttl: 'int64 3' },
  LeaseRevokeRequest: { id: 'int64 1' },
  LeaseRevokeResponse: { header: 'ResponseHeader 1' },
  LeaseKeepAliveRequest: { id: 'int64 1' },
  LeaseKeepAliveResponse: { header: 'ResponseHeader 1', id: 'int64 2', ttl: 'int64 3' },
  WatchCreateRequest: { key: 'bytes 1', rangeEnd: 'bytes 2', startRevision: 'int64 3', prevKv: 'bool 6', fragment: 'bool 8' },
  WatchRequest: { createRequest: 'WatchCreateRequest 1' },
  Event: { type: 'int32 1', kv: 'KeyValue 2', prevKv: 'KeyValue 3' },
  WatchResponse: {
    header: 'ResponseHeader 1',
    created: 'bool 3',
    canceled: 'bool 4',
    compactRevision: 'int64 5',
    cancelReason: 'string 6',
    fragment: 'bool 7',
    events: 'repeated Event 11',
  },
} as const

const services = {
  KV: {
    Range: 'RangeRequest RangeResponse',
    Txn: 'TxnRequest TxnResponse',
    Compact: 'CompactionRequest CompactionResponse',
  },
  Lease: {
    LeaseGrant: 'LeaseGrantRequest LeaseGrantResponse',
    LeaseRevoke: 'LeaseRevokeRequest LeaseRevokeResponse',
    LeaseKeepAlive: 'stream LeaseKeepAliveRequest LeaseKeepAliveResponse',
  },
  Watch: { Watch: 'stream WatchRequest WatchResponse' },
} as const

/** `Compare`: the result EQUAL, of the target MOD. */
export const equal = 0
export const modRevision = 2
/** `Event.type`. */
export const eventDelete = 1

type Messages = typeof messages
type Value<T extends string> = T extends 'string'
  ? string
  : T extends 'bool'
    ? boolean
    : T extends 'bytes'
      ? Buffer
      : T extends 'int32' | 'int64' | 'uint64'
        ? number
        : T extends keyof Messages
          ? Received<T> | null
          : never
type Field<F> = F extends `repeated ${infer T} ${number}`
  ? readonly NonNullable<Value<T>>[]
  : F extends `${infer T} ${number}`
    ? Value<T>
    : never
/** A message as it comes: what was not sent has its default, and a message in it is null. */
export type Received<M extends keyof Messages> = { readonly [F in keyof Messages[M]]: Field<Messages[M][F]> }

type SentValue<T extends string> = T extends 'bytes' ? Uint8Array : T extends keyof Messages ? Sent<T> : Value<T>
type SentField<F> = F extends `repeated ${infer T} ${number}`
  ? readonly SentValue<T>[]
  : F extends `${infer T} ${number}`
    ? SentValue<T>
    : never
/** A message as it is sent: what is left out has its default. */
export type Sent<M extends keyof Messages> = { readonly [F in keyof Messages[M]]?: SentField<Messages[M][F]> }

type All = (typeof services)['KV'] & (typeof services)['Lease'] & (typeof services)['Watch']
type Call<S> = S extends `${infer Q} ${infer A}`
  ? { readonly request: Sent<Q & keyof Messages>; readonly response: Received<A & keyof Messages> }
  : never
export type UnaryCalls = { [C in keyof All as All[C] extends `stream ${string}` ? never : C]: Call<All[C]> }
export type StreamCalls = {
  [C in keyof All as All[C] extends `stream ${string}` ? C : never]: All[C] extends `stream ${infer S}` ? Call<S> : never
}

const scope = 'etcdserverpb'

/** The package in the form that protobuf libraries read. */
export function descriptor(): { nested: Record<string, object> } {
  const nested: Record<string, object> = {}
  for (const [name, fields] of Object.entries(messages))
    nested[name] = { fields: Object.fromEntries(Object.entries(fields).map(([field, text]) => [field, fieldOf(text)])) }
  for (const [name, calls] of Object.entries(services))
    nested[name] = { methods: Object.fromEntries(Object.entries(calls).map(([call, text]) => [call, methodOf(text)])) }
  return { nested: { [scope]: { nested } } }
}

/** Of each call: the service whose it is. */
export const serviceOf: ReadonlyMap<string, string> = new Map(
  Object.entries(services).flatMap(([name, calls]) => Object.keys(calls).map((call) => [call, `${scope}.${name}`])),
)

function fieldOf(text: string): object {
  const [id = '', type = '', rule] = text.split(' ').reverse()
  return { type, id: Number(id), ...(rule === undefined ? {} : { rule }) }
}

function methodOf(text: string): object {
  const [responseType, requestType, stream] = text.split(' ').reverse()
  return { requestType, responseType, ...(stream === undefined ? {} : { requestStream: true, responseStream: true }) }
}
