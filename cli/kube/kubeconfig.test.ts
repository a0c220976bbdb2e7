import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, type TestContext, test } from '@davit/core/testing'
import { CliError } from '../output/cli-error.js'
import { kubeconfigPath, readTarget } from './kubeconfig.js'

const good = {
  'current-context': 'main',
  contexts: [
    { name: 'main', context: { cluster: 'here', user: 'admin' } },
    { name: 'other', context: { cluster: 'there', user: 'guest', namespace: 'play' } },
  ],
  clusters: [
    {
      name: 'here',
      cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority-data': Buffer.from('CA').toString('base64') },
    },
    { name: 'there', cluster: { server: 'https://example.invalid:1234/prefix', 'insecure-skip-tls-verify': true } },
  ],
  users: [
    { name: 'admin', user: { 'client-certificate-data': Buffer.from('CERT').toString('base64'), 'client-key': 'admin.key' } },
    { name: 'guest', user: { token: 'secret' } },
  ],
}

async function file(t: TestContext, content: unknown): Promise<string> {
  const directory = await t.directory()
  await writeFile(path.join(directory, 'admin.key'), 'KEY')
  const name = path.join(directory, 'kubeconfig')
  await writeFile(name, typeof content === 'string' ? content : JSON.stringify(content))
  return name
}

test('the current context says server, namespace and credentials; files lie beside the kubeconfig', async (t) => {
  const target = await readTarget(await file(t, good))
  assert.is(target.server.host, '127.0.0.1:6443')
  assert.is(target.namespace, 'default')
  assert.is(target.ca?.toString(), 'CA')
  assert.is(target.cert?.toString(), 'CERT')
  assert.is(target.key?.toString(), 'KEY')
  assert.is(target.token, undefined)
  assert.is(target.insecure, false)
})

test('another context has its own namespace, token and trust', async (t) => {
  const target = await readTarget(await file(t, { ...good, 'current-context': 'other' }))
  assert.is(target.server.pathname, '/prefix')
  assert.is(target.namespace, 'play')
  assert.is(target.token, 'secret')
  assert.is(target.insecure, true)
})

const broken: readonly (readonly [string, unknown, RegExp])[] = [
  ['no such context', { ...good, 'current-context': 'gone' }, /no context named "gone"/],
  ['no context', { ...good, 'current-context': undefined }, /no context named ""/],
  ['no such user', { ...good, users: [] }, /no user named "admin"/],
  ['no server', { ...good, clusters: [{ name: 'here', cluster: {} }] }, /cluster "here" has no server that is a URL/],
  ['broken YAML', 'a: [1\nb: 2', /is not a kubeconfig: .* at line 2, column 1/],
  ['a text', 'hello', /is not a kubeconfig/],
  [
    'a file that is not there',
    { ...good, users: [{ name: 'admin', user: { 'client-key': 'gone.key' } }] },
    /cannot read .*gone\.key, which the kubeconfig names as its client-key: ENOENT/,
  ],
]
for (const [name, content, message] of broken) {
  test(`refused with a word: ${name}`, async (t) => {
    const error = await assert.rejects(readTarget(await file(t, content)), message)
    assert.instance(error, CliError)
  })
}

test('a kubeconfig that is not there says what to do', async (t) => {
  const error = await assert.rejects(readTarget(path.join(await t.directory(), 'none')), /no kubeconfig at .*none \(ENOENT\)/)
  assert.match((error as CliError).hint ?? '', 'davit up')
})

test('the flag wins over $KUBECONFIG, of which the first file counts, and that over the data directory', (t) => {
  const before = { ...process.env }
  t.defer(() => {
    process.env = before
  })
  process.env.KUBECONFIG = '/env/first:/env/second'
  process.env.DAVIT_DATA_DIR = '/data'
  assert.is(kubeconfigPath('/flag'), '/flag')
  assert.is(kubeconfigPath(undefined), '/env/first')
  delete process.env.KUBECONFIG
  assert.is(kubeconfigPath(undefined), '/data/kubeconfig')
})
