/** For this plugin's tests: requests that openssl made, and a control plane with the server whose CA signs. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { apiServer } from '@davit/core/api/testkit'
import type { CertificateSigningRequest } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'

const run = promisify(execFile)

export async function directory(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'davit-certificates-'))
  t.defer(() => rm(made, { recursive: true }))
  return made
}

export function server(dataDirectory: string) {
  return { plugin: apiServer, config: { port: 0, dataDirectory } }
}

export interface Made {
  /** PEM of the private key. */
  readonly key: string
  readonly request: string
}

export async function makeRequest(place: string, subject: string, ...more: string[]): Promise<Made> {
  const [key, request] = [join(place, 'own.key'), join(place, 'own.csr')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key]
  await run('openssl', ['req', '-new', '-batch', ...curve, '-subj', subject, '-out', request, ...more])
  return { key: await readFile(key, 'utf8'), request: await readFile(request, 'utf8') }
}

export function signingRequest(
  name: string,
  request: string,
  spec: Partial<CertificateSigningRequest['spec']> = {},
): CertificateSigningRequest {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(request).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      ...spec,
    },
  }
}
