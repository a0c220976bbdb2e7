// @timeout 60
import { assert, test } from '@davit/core/testing'
import { startCluster } from '../cluster/testing.js'
import { isExpired, isRemovable, secretName, secretOf, type TokenSecret, timeText, tokenSecrets } from './bootstrap-token.js'
import { clearExpired, storedTokens } from './stored-tokens.js'

const now = Date.UTC(2026, 0, 2)
const hour = 3_600_000
const ending = (expiration: string): TokenSecret => ({
  metadata: { name: 'x' },
  data: { expiration: Buffer.from(expiration).toString('base64') },
})

test('a token is over by its time; one whose time cannot be read lets nobody in, and is left to people', () => {
  const cases: [expiration: string, isExpired: boolean, isRemovable: boolean][] = [
    ['', false, false],
    [timeText(now + hour), false, false],
    [timeText(now - hour), true, true],
    ['2026-01-02T01:00:00+02:00', true, true],
    ['2026-01-01T23:00:00-02:00', false, false],
    ['tomorrow', true, false],
    ['2001', true, false],
    ['1', true, false],
  ]
  for (const [expiration, expired, removable] of cases) {
    const secret = ending(expiration)
    assert.equal([isExpired(secret, now), isRemovable(secret, now)], [expired, removable], expiration)
  }
})

test('by the time of the server what is over is removed, and nothing where it does not say', async (t) => {
  const { connection } = await startCluster(t, { flags: { 'no-node': true } })
  const first = await storedTokens(connection)
  const server = first.now ?? 0
  assert.ok(server > 0, 'it says so')
  const make = (id: string, expires: number | undefined) =>
    connection.json('POST', tokenSecrets, { body: secretOf({ id, secret: '0123456789abcdef' }, expires, '') })
  await make('aaaaaa', server - hour)
  await make('bbbbbb', server + hour)
  await make('cccccc', undefined)
  const names = async () => (await storedTokens(connection)).secrets.map(({ metadata }) => metadata.name).sort()
  const all = ['aaaaaa', 'bbbbbb', 'cccccc'].map(secretName)
  assert.equal(await names(), all)
  await clearExpired(connection, { ...(await storedTokens(connection)), now: undefined })
  assert.equal(await names(), all)
  await clearExpired(connection, await storedTokens(connection))
  assert.equal(await names(), all.slice(1))
})
