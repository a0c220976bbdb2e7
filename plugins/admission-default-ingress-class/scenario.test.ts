import { ingressClasses, ingresses } from '@davit/core/client'
import type { IngressSpec } from '@davit/core/kinds'
import { assert, boot, test } from '@davit/core/testing'
import plugin from './index.js'

const mark = 'ingressclass.kubernetes.io/is-default-class'
const backend = { service: { name: 'web', port: { number: 80 } } }

test('an Ingress that names no class gets the default one, the newest of several', async (t) => {
  const { client, clock, stop } = await boot({ plugins: [{ plugin }] })
  t.defer(stop)
  let count = 0
  const ingress = async (spec: Partial<IngressSpec> = {}, annotations: Record<string, string> = {}) => {
    count += 1
    const metadata = { name: `web-${count}`, namespace: 'default', annotations }
    const body = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec: { defaultBackend: backend, ...spec } }
    return (await client.create(ingresses, body)).spec?.ingressClassName
  }
  const ingressClass = (name: string, value: string) =>
    client.create(ingressClasses, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name, annotations: { [mark]: value } },
      spec: { controller: 'example.com/x' },
    })
  assert.is(await ingress(), undefined)
  await ingressClass('not', 'false')
  assert.is(await ingress(), undefined)
  await ingressClass('standard', 'true')
  assert.is(await ingress(), 'standard')
  assert.is(await ingress({ ingressClassName: 'own' }), 'own')
  assert.is(await ingress({}, { 'kubernetes.io/ingress.class': 'old' }), undefined)
  await clock.advance(2000)
  await ingressClass('newest', 'true')
  assert.is(await ingress(), 'newest')
})
