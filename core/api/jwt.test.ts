import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type CryptoKey, exportJWK, importJWK, importPKCS8, jwtVerify, SignJWT } from 'jose'
import { assert, test } from '../testing/contract.js'
import { isSignedBy, jwtAlgorithms, keyIdOf, publicJwk, readJwt, signJwt } from './jwt.js'

interface Pair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}
const ec = (namedCurve = 'prime256v1'): Pair => generateKeyPairSync('ec', { namedCurve })
const rsa: Pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pair = ec()
const claims = { iss: 'https://issuer', sub: 'system:serviceaccount:default:a', aud: ['api', 'ü'], exp: 4_000_000_000 }
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const pairOf: Readonly<Record<string, Pair>> = { ES256: pair, ES384: ec('secp384r1'), ES512: ec('secp521r1') }
const joseKey = (key: KeyObject, algorithm: string): Promise<CryptoKey> =>
  importPKCS8(key.export({ type: 'pkcs8', format: 'pem' }).toString(), algorithm)

test('jose takes what is signed here, by the key set that is published', async () => {
  const token = signJwt(claims, pair.privateKey, keyIdOf(pair.publicKey))
  const jwk = publicJwk(pair.publicKey)
  assert.equal(Object.keys(jwk).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  const verified = await jwtVerify(token, await importJWK(jwk as Parameters<typeof importJWK>[0]), {
    issuer: 'https://issuer',
    audience: 'api',
  })
  assert.equal(verified.payload, claims)
  assert.equal(verified.protectedHeader, { alg: 'ES256', kid: jwk.kid })
  assert.equal(await exportJWK(pair.publicKey), { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y })
})

test('what jose signs is taken here, by each algorithm, and by no other key', async () => {
  for (const algorithm of jwtAlgorithms) {
    const { privateKey, publicKey } = pairOf[algorithm] ?? rsa
    const signer = new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid: 'k' })
    const jwt = readJwt(await signer.sign(await joseKey(privateKey, algorithm)))
    assert.ok(jwt, algorithm)
    assert.equal([jwt.algorithm, jwt.keyId, jwt.claims], [algorithm, 'k', claims])
    assert.is(isSignedBy(jwt, publicKey), true, algorithm)
    const others = [rsa, ...Object.values(pairOf), ec()].filter((other) => other.publicKey !== publicKey)
    for (const other of others) assert.is(isSignedBy(jwt, other.publicKey), false, algorithm)
  }
})

test('a token that differs in any one letter is not taken', () => {
  const token = signJwt(claims, pair.privateKey, 'k')
  for (let index = 0; index < token.length; index++) {
    for (const letter of ['A', 'B', '_']) {
      if (token[index] === letter) continue
      const jwt = readJwt(token.slice(0, index) + letter + token.slice(index + 1))
      assert.is(jwt !== undefined && isSignedBy(jwt, pair.publicKey), false, `${letter} at ${index}`)
    }
  }
})

test('neither "none" nor a shared secret nor a switched algorithm proves anything', () => {
  const [, body, signature] = signJwt(claims, pair.privateKey, 'k').split('.')
  for (const alg of ['none', 'None', 'HS256', 'ES384', 'RS256', 'PS256', 'toString', '__proto__', '']) {
    const jwt = readJwt(`${encode({ alg })}.${body}.${signature}`)
    assert.is(jwt !== undefined && isSignedBy(jwt, pair.publicKey), false, alg)
  }
  assert.is(readJwt(`${encode({ alg: 'none' })}.${body}.`), undefined)
})

test('what is no token is none', () => {
  const token = signJwt(claims, pair.privateKey, 'k')
  const [head, body, signature] = token.split('.')
  const wrong = [
    '',
    '.',
    '..',
    '...',
    'a.b.c',
    `${head}.${body}`,
    `${token}.${signature}`,
    `${token}=`,
    ` ${token}`,
    `${head}.${encode([1])}.${signature}`,
    `${head}.${encode(null)}.${signature}`,
    `${encode('x')}.${body}.${signature}`,
    `${encode({ alg: 5 })}.${body}.${signature}`,
    `${encode({ alg: 'ES256', kid: {} })}.${body}.${signature}`,
    `${encode({ alg: 'ES256', crit: ['b64'] })}.${body}.${signature}`,
    `${head}.${Buffer.from('{').toString('base64url')}.${signature}`,
    `${head}.${encode({ long: 'x'.repeat(70_000) })}.${signature}`,
  ]
  for (const text of wrong) assert.is(readJwt(text), undefined, text.slice(0, 80))
  assert.ok(readJwt(token))
})

test('claims named like parts of objects are claims', () => {
  const body = Buffer.from('{"__proto__":{"iss":"x"},"constructor":1}').toString('base64url')
  const read = readJwt(`${encode({ alg: 'ES256' })}.${body}.AAAA`)
  assert.is(read?.claims.iss, undefined)
})
