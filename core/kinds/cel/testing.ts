/** What the tests of CEL share. */
import { type Cel, type CelResult, type CelVariables, loadCel } from '../cel.js'
import { valueText } from './format.js'

export const variables: CelVariables = { object: 'dyn', other: 'dyn' }

export const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-0', namespace: 'default', labels: { app: 'web', 'app.kubernetes.io/name': 'web', n: '1' } },
  spec: {
    replicas: 3,
    weight: 1.5,
    port: 'http',
    hostNetwork: false,
    nothing: null,
    containers: [
      { name: 'main', image: 'web:1', ports: [{ containerPort: 80 }], resources: { limits: { memory: '1Gi' } } },
      { name: 'side', image: 'log:latest' },
    ],
  },
}
/** The same, with its keys in another order. */
const reordered = { ...pod, spec: Object.fromEntries(Object.entries(pod.spec).reverse()) }

export async function evaluated(expression: string, names: CelVariables = variables): Promise<CelResult & { problem?: string }> {
  const cel = await loadCel()
  const { program, problem } = cel.compile(expression, names)
  if (!program) return { error: problem, problem }
  return cel.evaluate(program, { object: cel.value(pod), other: cel.value(reordered) })
}

/** The value as `%s` shows it inside a list: texts in quotes. */
export async function shown(expression: string): Promise<string> {
  const { value, error } = await evaluated(expression)
  return error === undefined ? valueText(value, true) : `error: ${error}`
}

export async function celOf(): Promise<Cel> {
  return loadCel()
}
