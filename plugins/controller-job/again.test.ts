/** What goes on after something went wrong or was replaced in between. */
import { ApiHooksToken } from '@davit/core/api'
import { jobs } from '@davit/core/client'
import { assert, test } from '@davit/core/testing'
import { activeOf, endAll, job, plane, podsOf, stored } from './testing.js'

test('a Job that is deleted and made again with the same name begins anew', async (t) => {
  const at = await plane(t)
  await at.client.create(jobs, job())
  await at.quiet()
  for (let failure = 0; failure < 3; failure += 1) {
    await endAll(at, 1)
    await at.pass(41_000)
  }
  await endAll(at, 1)
  assert.is((await activeOf(at)).length, 0, 'it waits 80 s now')
  await Promise.all([
    at.client.delete(jobs, 'default', 'work', { propagationPolicy: 'Background' }),
    at.client.create(jobs, job({ parallelism: 2, completions: 2 })).catch(() => undefined),
  ])
  await at.client.create(jobs, job({ parallelism: 2, completions: 2 })).catch(() => undefined)
  await at.quiet()
  assert.is((await activeOf(at)).length, 2)
  await endAll(at)
  const { status } = await stored(at)
  assert.equal([status?.succeeded, status?.failed], [2, undefined])
})

for (const failing of [1, 2]) {
  test(`the ${failing === 1 ? 'first' : 'second'} write of a status is refused once: nothing counts twice, and no Pod too many is made`, async (t) => {
    const at = await plane(t)
    await at.client.create(jobs, job({ completions: 4, parallelism: 2 }))
    await at.quiet()
    let writes = 0
    t.defer(
      at.kernel.get(ApiHooksToken).validate.tap('fault', ({ kind, subresource }) => {
        if (kind.resource !== 'jobs' || subresource !== 'status') return undefined
        writes += 1
        return writes === failing ? { code: 500, reason: 'InternalError', message: 'the disk is full' } : undefined
      }),
    )
    for (let round = 0; round < 2; round += 1) {
      await endAll(at)
      await at.pass(1000)
    }
    const { status } = await stored(at)
    assert.equal([status?.succeeded, status?.failed, (await podsOf(at)).length], [4, undefined, 4])
    assert.ok(writes > failing)
    assert.equal(status?.conditions?.at(-1)?.type, 'Complete')
  })
}
