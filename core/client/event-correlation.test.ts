import { assert, test } from '../testing/contract.js'
import { EventMemory } from './event-correlation.js'

const minute = 60_000

test('events of one kind and message have one key, others have others', () => {
  const memory = new EventMemory()
  const key = (object: string, kind: string, message: string) => memory.correlate(object, kind, message, 0)?.key
  assert.is(key('a', 'Normal Pulled', 'image'), key('a', 'Normal Pulled', 'image'))
  assert.is.not(key('a', 'Normal Pulled', 'image'), key('a', 'Normal Pulled', 'another'))
  assert.is.not(key('a', 'Normal Pulled', 'image'), key('a', 'Warning Pulled', 'image'))
})

test('the tenth message of a kind begins to combine; ten minutes without any end that', () => {
  const memory = new EventMemory()
  const said = (number: number, at: number) => memory.correlate('a', 'Normal SuccessfulCreate', `pod ${number}`, at)
  for (let number = 0; number < 9; number += 1) assert.is(said(number, 0)?.message, `pod ${number}`)
  const [tenth, eleventh] = [said(9, 0), said(10, 0)]
  assert.is(tenth?.message, '(combined from similar events): pod 9')
  assert.is(tenth?.key, eleventh?.key)
  assert.is(said(3, 0)?.message, 'pod 3', 'one that was said before goes on counting by itself')
  assert.is(said(11, 11 * minute)?.message, 'pod 11')
})

test('messages of one kind do not make those of another combine, nor those of another object', () => {
  const memory = new EventMemory()
  for (let number = 0; number < 12; number += 1) memory.correlate('a', 'Normal SuccessfulCreate', `pod ${number}`, 0)
  assert.is(memory.correlate('a', 'Normal SuccessfulDelete', 'pod 1', 0)?.message, 'pod 1')
  assert.is(memory.correlate('b', 'Normal SuccessfulCreate', 'pod 1', 0)?.message, 'pod 1')
})

test('25 at once, then one each five minutes; the ones between are counted', () => {
  const memory = new EventMemory()
  const counts = (times: number, at: number) =>
    Array.from({ length: times }, () => memory.correlate('a', 'Warning BackOff', 'again', at)?.count)
  assert.equal(counts(25, 0), Array(25).fill(1))
  assert.equal(counts(3, 0), [undefined, undefined, undefined])
  assert.equal(counts(2, 5 * minute), [4, undefined])
  assert.equal(counts(3, 15 * minute), [2, 1, undefined], 'two more by then')
})

test('a day of silence gives back no more than the burst', () => {
  const memory = new EventMemory()
  const admitted = (at: number) =>
    Array.from({ length: 40 }, () => memory.correlate('a', 'Warning BackOff', 'again', at)).filter(Boolean).length
  assert.is(admitted(0), 25)
  assert.is(admitted(24 * 60 * minute), 25)
})

test('what was written is known by its key until the object is forgotten for others', () => {
  const memory = new EventMemory()
  const key = memory.correlate('first', 'Normal Pulled', 'image', 0)?.key ?? ''
  const written = { namespace: 'default', name: 'first.1', count: 1, firstTimestamp: '2024-01-01T00:00:00Z' }
  memory.wrote('first', key, written)
  assert.equal(memory.written('first', key), written)
  assert.is(memory.written('second', key), undefined)
  for (let number = 0; number < 1024; number += 1) memory.correlate(`other ${number}`, 'Normal Pulled', 'image', 0)
  assert.is(memory.written('first', key), undefined)
  memory.wrote('first', key, written)
  assert.is(memory.written('first', key), undefined, 'it is not remembered anew by a write alone')
})
