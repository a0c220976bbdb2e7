/** At which addresses the nodes of a process are served. */
import { connect } from 'node:net'
import { join } from 'node:path'
import { NodeIdentityToken } from '../../client/contract.js'
import { definePlugin } from '../../kernel/contract.js'
import { assert, boot, test } from '../../testing/contract.js'
import { ApiAddressToken, NodeConnectionsToken } from '../contract.js'
import { loadCertificates } from '../http/pki.js'
import { nodeServer } from './plugin.js'

/** Any address of loopback is one of this machine, but another than 127.0.0.1. */
const elsewhere = '127.0.0.9'

const answers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })

const places: readonly [string, { readonly bound?: string } | undefined, string, boolean][] = [
  ['at that of the API of the process', { bound: '127.0.0.1' }, '', false],
  ['at all where the API is at all', { bound: '0.0.0.0' }, '', true],
  ['at all where it is not known where the API is', {}, '', true],
  ['at all where the API is another process', undefined, '', true],
  ['where the configuration says', { bound: '127.0.0.1' }, '0.0.0.0', true],
  ['where the configuration says, also without an API', undefined, '127.0.0.1', false],
]
for (const [name, api, address, everywhere] of places) {
  test(`nodes are served ${name}`, async (t) => {
    const { authority } = await loadCertificates({ directory: join(await t.directory(), 'pki'), names: [], now: 0 })
    const ca = authority.certificate
    const identity = definePlugin({
      id: 'test-identity',
      api: '^1.0',
      provides: { identity: NodeIdentityToken },
      setup: async () => ({ provides: { identity: { nodeName: 'one', ca, serve: () => () => undefined } } }),
    })
    const server = definePlugin({
      id: 'test-address',
      api: '^1.0',
      provides: { address: ApiAddressToken },
      setup: async () => ({
        provides: { address: { url: 'https://127.0.0.1:1', host: '127.0.0.1', port: 1, ca, kubeconfig: '', ...api } },
      }),
    })
    const { kernel, stop } = await boot({
      clock: 'real',
      plugins: [
        ...[identity, ...(api ? [server] : [])].map((plugin) => ({ plugin })),
        { plugin: nodeServer, config: { nodes: ['one'], address } },
      ],
    })
    t.defer(stop)
    const { port = 0 } = kernel.get(NodeConnectionsToken)
    assert.equal([await answers('127.0.0.1', port), await answers(elsewhere, port)], [true, everywhere])
  })
}
