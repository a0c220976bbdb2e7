/** What remote API servers read to know whom they may believe. */
import type { FrontProxy } from '@davit/core/api'
import { type Client, configMaps, isExists, isNotFound } from '@davit/core/client'
import { equalJson } from '@davit/core/kinds'

const namespace = 'kube-system'
const name = 'extension-apiserver-authentication'

/** Writes nothing where it stands there already. Other keys of the ConfigMap stay. */
export async function publishFrontProxy(client: Client, { identity, clientAuthority }: FrontProxy): Promise<void> {
  const { authority } = await identity()
  const wanted = {
    'client-ca-file': clientAuthority,
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': authority,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  }
  try {
    const found = await client.get(configMaps, namespace, name)
    const data = { ...found.data, ...wanted }
    if (!equalJson(found.data, data)) await client.update(configMaps, { ...found, data })
  } catch (error) {
    if (!isNotFound(error)) throw error
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: wanted }
    await client.create(configMaps, object).catch((failure: unknown) => {
      if (!isExists(failure)) throw failure
    })
  }
}
