import { assert, test } from '@davit/core/testing'
import { fromJSON } from '@grpc/proto-loader'
import { descriptor, enums, messages, services } from './messages.js'
import { stringField } from './wire.js'

const options = { longs: Number, enums: String, defaults: true, arrays: true, objects: true }
const scalars = ['string', 'bool', 'bytes', 'int32', 'uint32', 'int64', 'uint64']

interface Method {
  readonly path: string
  requestSerialize(message: object): Buffer
  responseDeserialize(bytes: Buffer): unknown
  responseSerialize(message: object): Buffer
}
const runtime = fromJSON(descriptor(), options)['runtime.v1.RuntimeService'] as unknown as Record<string, Method>
const method = (name: string): Method => {
  const found = runtime[name]
  if (!found) throw new Error(`no method ${name}`)
  return found
}

test('each field has a type that exists, and a number that its message gives once', () => {
  const known = [...scalars, ...Object.keys(enums), ...Object.keys(messages)]
  for (const [name, fields] of Object.entries(messages)) {
    const numbers = Object.values(fields).map((text: string) => text.split(' ').at(-1))
    assert.is(new Set(numbers).size, numbers.length, name)
    for (const text of Object.values(fields) as string[])
      assert.ok(known.includes(text.split(' ').at(-2) ?? ''), `${name}: ${text}`)
  }
})

test('each call has messages that exist, and the path that the protocol gives it', () => {
  for (const calls of Object.values(services)) {
    for (const [name, text] of Object.entries(calls)) {
      for (const message of text.replace('stream ', '').split(' ')) assert.ok(message in messages, `${name}: ${message}`)
    }
  }
  assert.is(method('RunPodSandbox').path, '/runtime.v1.RuntimeService/RunPodSandbox')
})

test('a request has the bytes of the protocol', () => {
  const bytes = method('StopContainer').requestSerialize({ containerId: 'ab', timeout: 30 })
  assert.equal([...bytes], [0x0a, 2, 0x61, 0x62, 0x10, 30])
  const labels = method('ListPodSandbox').requestSerialize({ filter: { labelSelector: { k: 'v' } } })
  assert.equal([...labels], [0x0a, 8, 0x1a, 6, 0x0a, 1, 0x6b, 0x12, 1, 0x76])
})

test('what was not sent has its default, enumerations have names, times of today keep their milliseconds', () => {
  const { responseSerialize, responseDeserialize } = method('ContainerStatus')
  const createdAt = '1795470000123456789'
  const bytes = responseSerialize({ status: { id: 'x', state: 'CONTAINER_EXITED', createdAt } })
  const { status, info } = responseDeserialize(bytes) as { status: Record<string, unknown>; info: object }
  assert.is(status.state, 'CONTAINER_EXITED')
  assert.is(Math.floor(Number(status.createdAt) / 1e6), 1_795_470_000_123)
  assert.equal([status.exitCode, status.reason, status.labels, status.metadata], [0, '', {}, null])
  assert.equal(info, {})
})

test('the field of a text is found without a library, between fields of all types', () => {
  const bytes = method('Version').responseSerialize({ runtimeName: 'containerd', runtimeVersion: '1.6 ü' })
  assert.is(stringField(bytes, 2), 'containerd')
  assert.is(stringField(bytes, 3), '1.6 ü')
  assert.is(stringField(bytes, 9), '')
  const mixed = Buffer.from([0x08, 0x96, 0x01, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1d, 1, 2, 3, 4, 0x22, 2, 0x68, 0x69])
  assert.is(stringField(mixed, 4), 'hi')
})

test('what is cut off, or is no message, is an error', () => {
  for (const bytes of [[0x0a], [0x0a, 5, 0x61], [0x08, 0x80], [0x0b, 1]]) {
    assert.throws(() => stringField(Buffer.from(bytes), 1), /message/)
  }
})
