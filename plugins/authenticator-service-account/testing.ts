/** For this plugin's tests: a control plane whose TokenReview asks the authenticator, as every other client would. */
import { TokenIssuerToken } from '@davit/core/api'
import { type Client, type ResourceRef, serviceAccounts } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import type { KubeObject, TokenReviewStatus } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import plugin from './index.js'

const reviews: ResourceRef = {
  group: 'authentication.k8s.io',
  version: 'v1',
  resource: 'tokenreviews',
  kind: 'TokenReview',
  namespaced: false,
}

export interface Plane extends ControlPlane {
  /** A token of the account "robot" of the namespace "default". */
  token(spec?: object): Promise<string>
  review(token: string, audiences?: readonly string[]): Promise<TokenReviewStatus>
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>
}

export async function start(t: TestContext): Promise<Plane> {
  const plane = await controlPlane(t, [{ plugin }])
  const { client, kernel } = plane
  await makeAccount(client)
  return {
    ...plane,
    async token(spec = {}) {
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: { name: '' }, spec }
      const { status } = await client.createSubresource(serviceAccounts, 'default', 'robot', 'token', body)
      return (status as { token: string }).token
    },
    async review(token, audiences = []) {
      const metadata = {} as KubeObject['metadata']
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata, spec: { token, audiences } }
      return (await client.create(reviews, review)).status as TokenReviewStatus
    },
    sign: (claims) => kernel.get(TokenIssuerToken).sign(claims),
  }
}

export function makeAccount(client: Client): Promise<KubeObject> {
  return client.create(serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'robot', namespace: 'default' },
  })
}
