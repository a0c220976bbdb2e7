import { assert, test } from '@davit/core/testing'
import { isImageId, parseImageName } from './image-name.js'

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`

test('names say a repository and a tag or digest', () => {
  const table: [string, string, string][] = [
    ['busybox', 'busybox', 'latest'],
    ['busybox:1', 'busybox', '1'],
    ['library/busybox:1.36-musl', 'library/busybox', '1.36-musl'],
    ['registry.k8s.io/pause:3.9', 'registry.k8s.io/pause', '3.9'],
    ['localhost:5000/a/b_c/d--e:V_1', 'localhost:5000/a/b_c/d--e', 'V_1'],
    ['127.0.0.1:1/nothing/here', '127.0.0.1:1/nothing/here', 'latest'],
    ['[::1]:5000/app', '[::1]:5000/app', 'latest'],
    [`app@${digest}`, 'app', digest],
    [`host.example/app:1@${digest}`, 'host.example/app', digest],
    ['UPPER.example/app', 'UPPER.example/app', 'latest'],
  ]
  for (const [name, repository, reference] of table) assert.equal(parseImageName(name), { repository, reference }, name)
})

test('what no registry could have is no name', () => {
  const names = [
    '',
    'UPPER',
    'UPPER CASE:::',
    'a b',
    'a:',
    ':1',
    'a:-tag',
    'a//b',
    'a/',
    '/a',
    'a@sha256:12',
    'a..b',
    '-a',
    'a?b',
  ]
  for (const name of names) assert.is(parseImageName(name), undefined, name)
  assert.is(parseImageName(`a:${'t'.repeat(129)}`), undefined)
  assert.is(parseImageName('a'.repeat(256)), undefined)
})

test('an id of Docker is known as one', () => {
  assert.is(isImageId(digest), true)
  assert.is(isImageId('busybox'), false)
  assert.is(isImageId(digest.slice(0, 40)), false)
})
