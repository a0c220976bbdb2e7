// @serial machine
import { assert, test } from '@davit/core/testing'
import { command } from './command.js'
import { conflistOf, namesOf, rangeOf } from './conflist.js'
import { rulesOf } from './masquerade.js'

test('names belong to a range, and fit where they go', () => {
  const { bridge, chain, network } = namesOf('10.244.0.0/24')
  assert.equal(namesOf('10.244.0.0/24'), { bridge, chain, network })
  assert.is.not(namesOf('10.244.1.0/24').bridge, bridge)
  assert.ok(bridge.length <= 15, 'the kernel allows 15 characters')
  assert.ok(chain.length <= 28, 'iptables allows 28')
})

test('a configuration of ours is known again by its range; others are not', () => {
  const text = conflistOf('10.244.3.0/24')
  assert.is(rangeOf(text), '10.244.3.0/24')
  assert.is(rangeOf(text.replace('davit-cri-', 'other-')), undefined)
  assert.is(rangeOf('{"name":"x","plugins":[{"type":"ptp"}]}'), undefined)
  assert.is(rangeOf('{ not json'), undefined)
  const { plugins } = JSON.parse(text) as { plugins: { type: string; ipMasq?: boolean }[] }
  assert.equal(
    plugins.map(({ type }) => type),
    ['bridge', 'portmap'],
  )
})

test(
  'the kernel takes the rules, and has the same after a second time',
  async (t) => {
    const podCidr = '10.196.9.0/24'
    const { chain } = namesOf(podCidr)
    const { addRules, removeRules } = await import('./masquerade.js')
    t.defer(() => removeRules(podCidr))
    const mine = async () =>
      (await command('iptables-save', [])).split('\n').filter((rule) => rule.startsWith('-') && rule.includes(chain))
    await addRules(podCidr, '10.196.0.0/16')
    const once = await mine()
    await addRules(podCidr, '10.196.0.0/16')
    assert.equal(await mine(), once)
    assert.is(once.length, 7)
    assert.ok(once.some((rule) => rule === `-A ${chain} -d 10.196.0.0/16 -j RETURN`))
    for (let turn = 0; turn < 2; turn += 1) await removeRules(podCidr)
    assert.equal(await mine(), [])
  },
  { requires: ['root', 'iptables'] },
)

test('what stays in the cluster keeps its address', () => {
  const lines = rulesOf('10.1.0.0/24', '10.1.0.0/16').split('\n')
  const { chain, bridge } = namesOf('10.1.0.0/24')
  const [stays, leaves] = [`-A ${chain} -d 10.1.0.0/16 -j RETURN`, `-A ${chain} ! -o ${bridge} -j MASQUERADE`]
  assert.ok(lines.indexOf(stays) >= 0 && lines.indexOf(stays) < lines.indexOf(leaves))
})

test('a program that fails says why, one that is not there is told apart', async () => {
  assert.is(await command('cat', [], 'through'), 'through')
  assert.match((await assert.rejects(command('sh', ['-c', 'echo why >&2; exit 3']))).message, 'why')
  const missing = await assert.rejects(command('no-such-program', []))
  assert.is((missing.cause as NodeJS.ErrnoException).code, 'ENOENT')
})
