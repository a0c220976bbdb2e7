/** Clients of a server elsewhere, as the node whose credentials `join` has got. */
import { join } from 'node:path'
import { DavitError, definePlugin, Type } from '../../kernel/contract.js'
import { ClientsToken, type KeyAndCertificate, NodeIdentityToken, nodeIdentity } from '../contract.js'
import { createHttpsClients } from '../https.js'
import { CertificateKeeper } from './certificate-keeper.js'
import { credentialFiles, readCredential, readIfThere } from './credential-file.js'
import { clientCertificate, servingCertificate } from './node-certificates.js'

export const clientHttps = definePlugin({
  id: 'client-https',
  api: '^1.0',
  stage: 'cache',
  provides: { clients: ClientsToken, identity: NodeIdentityToken },
  config: {
    version: 1,
    schema: Type.Object({
      server: Type.String({ minLength: 1, examples: ['https://10.0.0.1:6443'], description: 'URL of the API server.' }),
      nodeName: Type.String({ minLength: 1, examples: ['one'], description: 'Name of the node whose credentials are used.' }),
      directory: Type.String({
        minLength: 1,
        examples: ['/var/lib/davit/pki'],
        description: 'Directory of its keys and certificates.',
      }),
    }),
  },
  async setup(context) {
    const { clock, random, log, config } = context
    const { server, nodeName, directory } = config
    const ca = await readIfThere(join(directory, credentialFiles.authority))
    const file = join(directory, credentialFiles.client)
    const credential = await readCredential(file)
    if (ca === undefined || credential === undefined) {
      throw new DavitError('DAVIT_JOIN_TOKEN', `there are no credentials of node ${nodeName} in ${directory}`)
    }
    const { certificate, key } = credential
    const connection = { server, ca, certificate, key, namespace: 'default' }
    const clients = createHttpsClients({ connection, clock, random, log })
    context.defer(() => clients.close())
    const client = clients.as(nodeIdentity(nodeName))
    const keeping = { client, clock, random, log }
    let serving: CertificateKeeper | undefined
    return {
      provides: {
        clients,
        identity: {
          nodeName,
          ca,
          serve(changed) {
            const wanted = servingCertificate(nodeName)
            const keeper = new CertificateKeeper({ ...keeping, file: join(directory, credentialFiles.serving), wanted, changed })
            keeper.start(serving)
            serving = keeper
            return () => keeper.close()
          },
        },
      },
      start() {
        const changed = (pair: KeyAndCertificate): void => {
          // Not for the one that the clients began with.
          if (pair.certificate !== certificate) clients.renew(pair.certificate, pair.key)
        }
        const keeper = new CertificateKeeper({ ...keeping, file, wanted: clientCertificate(nodeName), changed })
        context.defer(() => keeper.close())
        keeper.start()
      },
    }
  },
})
