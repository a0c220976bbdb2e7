import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiAddressToken } from '../api/contract.js'
import { apiServer } from '../api/http/plugin.js'
import { createClock } from '../kernel/clock.js'
import { createRandom } from '../kernel/random.js'
import { boot, createTestServices } from '../testing/contract.js'
import { createHttpsClients } from './https.js'
import { readKubeconfig } from './kubeconfig.js'
import { clientSuite } from './testkit.js'

clientSuite('in process', async () => {
  const plane = await boot({ clock: 'real' })
  return { clients: plane.clients, close: () => plane.stop() }
})

clientSuite('over HTTPS', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'davit-client-'))
  const config = { port: 0, dataDirectory }
  const plane = await boot({ clock: 'real', plugins: [{ plugin: apiServer, config }] })
  const connection = await readKubeconfig(plane.kernel.get(ApiAddressToken).kubeconfig)
  const { log } = createTestServices()
  const clients = createHttpsClients({ connection, clock: createClock(), random: createRandom(), log })
  return {
    clients,
    async close() {
      clients.close()
      await plane.stop()
      await rm(dataDirectory, { recursive: true, force: true })
    },
  }
})
