import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, test } from '../testing/contract.js'
import { parseKubeconfig, readKubeconfig } from './kubeconfig.js'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const sample = `
apiVersion: v1
kind: Config
current-context: main
clusters:
- name: here
  cluster: { server: "https://127.0.0.1:6443/", certificate-authority-data: ${base64('the ca')} }
- name: there
  cluster: { server: "https://there:443", certificate-authority: ca.pem, insecure-skip-tls-verify: true }
users:
- name: admin
  user: { client-certificate-data: ${base64('the certificate')}, client-key-data: ${base64('the key')} }
- name: robot
  user: { tokenFile: token }
- name: program
  user: { exec: { command: login } }
contexts:
- name: main
  context: { cluster: here, user: admin }
- name: other
  context: { cluster: there, user: robot, namespace: work }
- name: foreign
  context: { cluster: here, user: program }
- name: broken
  context: { cluster: nowhere, user: admin }
`
const refused = (content: string, context?: string) =>
  assert.rejects(parseKubeconfig(content, 'the-file', context), (error) => {
    assert.ok((error as Error).message.includes('the-file'))
    return (error as { code?: string }).code === 'DAVIT_KUBECONFIG'
  })

test('reads the current context with the data inside', async () => {
  assert.equal(await parseKubeconfig(sample, 'the-file'), {
    server: 'https://127.0.0.1:6443',
    namespace: 'default',
    ca: 'the ca',
    certificate: 'the certificate',
    key: 'the key',
  })
})

test('reads another context, and files beside it', async (t) => {
  const directory = await t.directory()
  await writeFile(join(directory, 'config'), sample)
  await writeFile(join(directory, 'ca.pem'), 'the other ca')
  await writeFile(join(directory, 'token'), 'secret\n')
  assert.equal(await readKubeconfig(join(directory, 'config'), 'other'), {
    server: 'https://there:443',
    namespace: 'work',
    ca: 'the other ca',
    token: 'secret',
    insecure: true,
  })
})

test('says what is wrong with a file that cannot be used', async (t) => {
  assert.match((await refused(sample, 'unknown')).message, /no context "unknown"/)
  assert.match((await refused(sample, 'broken')).message, /no cluster "nowhere"/)
  assert.match((await refused(sample, 'foreign')).message, /from a program/)
  assert.match((await refused(sample, 'other')).message, /ca\.pem cannot be read/)
  assert.match((await refused('{clusters: 7, contexts: [], users: []}')).message, /clusters/)
  assert.match((await refused('clusters: [], users: }')).message, /the-file/)
  assert.match((await refused('{clusters: [], users: [], contexts: []}')).message, /no current-context/)
  const missing = join(await t.directory(), 'missing')
  await assert.rejects(readKubeconfig(missing), { code: 'DAVIT_KUBECONFIG' })
})
