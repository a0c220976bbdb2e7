/**
 * Protocols of gRPC that a node speaks with what plugs into it, as tables of data: the types of the messages and what gRPC
 * libraries need both come of one table, so that no generated code and no file of the protocol has to be kept.
 */

/** Numbers are the protocol's and never change; fields that nobody uses are left out. */
export interface ProtocolTable {
  /** The values of each enumeration, from 0. */
  readonly enums: Readonly<Record<string, readonly string[]>>
  /** Of each message the fields: "string 1", "repeated Thing 2", "map string 3". */
  readonly messages: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** By the service's whole name its calls: "Request Response", with "stream" before what comes in many pieces. */
  readonly services: Readonly<Record<string, Readonly<Record<string, string>>>>
}

type Whole = 'int32' | 'uint32' | 'int64' | 'uint64'
/** Numbers of 64 bits are rounded to what a number holds. */
type Scalar<T extends string> = T extends 'string'
  ? string
  : T extends 'bool'
    ? boolean
    : T extends 'bytes'
      ? Uint8Array
      : T extends Whole
        ? number
        : never
type Value<P extends ProtocolTable, T extends string> = T extends keyof P['enums'] ? P['enums'][T][number] : Scalar<T>

type ReceivedValue<P extends ProtocolTable, T extends string> = T extends keyof P['messages']
  ? ReceivedMessage<P, T> | null
  : Value<P, T>
type ReceivedField<P extends ProtocolTable, F> = F extends `repeated ${infer T} ${number}`
  ? readonly NonNullable<ReceivedValue<P, T>>[]
  : F extends `map string ${number}`
    ? Readonly<Record<string, string>>
    : F extends `${infer T} ${number}`
      ? ReceivedValue<P, T>
      : never
/** A message as it comes: what was not sent has its default, and a message in it is null. */
export type ReceivedMessage<P extends ProtocolTable, M extends keyof P['messages']> = {
  readonly [F in keyof P['messages'][M]]: ReceivedField<P, P['messages'][M][F]>
}

type SentValue<P extends ProtocolTable, T extends string> = T extends keyof P['messages'] ? SentMessage<P, T> : Value<P, T>
type SentField<P extends ProtocolTable, F> = F extends `repeated ${infer T} ${number}`
  ? readonly SentValue<P, T>[]
  : F extends `map string ${number}`
    ? Readonly<Record<string, string>>
    : F extends `${infer T} ${number}`
      ? SentValue<P, T>
      : never
/** A message as it is sent: what is left out has its default. */
export type SentMessage<P extends ProtocolTable, M extends keyof P['messages']> = {
  readonly [F in keyof P['messages'][M]]?: SentField<P, P['messages'][M][F]>
}

/** The calls of one service with one message each way. */
export type UnaryCallsOf<P extends ProtocolTable, S extends keyof P['services']> = {
  readonly [C in keyof P['services'][S] as P['services'][S][C] extends `${string}stream ${string}`
    ? never
    : C]: P['services'][S][C] extends `${infer Q} ${infer A}`
    ? { readonly request: SentMessage<P, Q>; readonly response: ReceivedMessage<P, A> }
    : never
}

/** The calls of one service with one message to it and many from it. */
export type StreamCallsOf<P extends ProtocolTable, S extends keyof P['services']> = {
  readonly [C in keyof P['services'][S] as P['services'][S][C] extends `${string} stream ${string}`
    ? C
    : never]: P['services'][S][C] extends `${infer Q} stream ${infer A}`
    ? { readonly request: SentMessage<P, Q>; readonly response: ReceivedMessage<P, A> }
    : never
}

interface Scope {
  readonly nested: Record<string, object>
}
/** Where messages stand beside the packages of the services: their own names are not on the wire. */
const scopeOfMessages = 'davit'

/** The table in the form that protobuf libraries read (JSON descriptors of protobuf.js). */
export function protocolDescriptor({ enums, messages, services }: ProtocolTable): Scope {
  const types: Record<string, object> = {}
  for (const [name, values] of Object.entries(enums))
    types[name] = { values: Object.fromEntries(values.map((value, index) => [value, index])) }
  for (const [name, fields] of Object.entries(messages))
    types[name] = { fields: Object.fromEntries(Object.entries(fields).map(([field, text]) => [field, fieldOf(text)])) }
  const root: Scope = { nested: { [scopeOfMessages]: { nested: types } } }
  for (const [path, calls] of Object.entries(services)) {
    const packages = path.split('.')
    const service = packages.pop() ?? ''
    const methods = Object.fromEntries(Object.entries(calls).map(([name, text]) => [name, methodOf(text)]))
    scopeOf(root, packages).nested[service] = { methods }
  }
  return root
}

function scopeOf(root: Scope, packages: readonly string[]): Scope {
  let scope = root
  for (const name of packages) {
    scope.nested[name] ??= { nested: {} }
    scope = scope.nested[name] as Scope
  }
  return scope
}

function fieldOf(text: string): object {
  const [id = '', type = '', rule] = text.split(' ').reverse()
  if (rule === 'map') return { keyType: 'string', type, id: Number(id) }
  return { type, id: Number(id), ...(rule === undefined ? {} : { rule }) }
}

function methodOf(text: string): object {
  const [, asked = '', request, answered = '', response] = /^(stream )?(\S+) (stream )?(\S+)$/.exec(text) ?? []
  return {
    requestType: `${scopeOfMessages}.${request}`,
    responseType: `${scopeOfMessages}.${response}`,
    ...(asked && { requestStream: true }),
    ...(answered && { responseStream: true }),
  }
}
