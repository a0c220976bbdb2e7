/** The administrator's kubeconfig, with all that it needs inside. */
import { readFile } from 'node:fs/promises'
import { DavitError } from '../../kernel/contract.js'
import { fileProblem } from './file-problem.js'
import { writeAtomically } from './write-file.js'

export interface KubeconfigContent {
  readonly url: string
  /** PEM. */
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

export function kubeconfigText({ url, ca, certificate, key }: KubeconfigContent): string {
  const base64 = (pem: string): string => Buffer.from(pem, 'utf8').toString('base64')
  return `apiVersion: v1
kind: Config
clusters:
  - name: davit
    cluster:
      server: ${url}
      certificate-authority-data: ${base64(ca)}
users:
  - name: davit-admin
    user:
      client-certificate-data: ${base64(certificate)}
      client-key-data: ${base64(key)}
contexts:
  - name: davit
    context:
      cluster: davit
      user: davit-admin
current-context: davit
`
}

/** Writes nothing where the file says the same already. */
export async function writeKubeconfig(path: string, content: KubeconfigContent): Promise<void> {
  const text = kubeconfigText(content)
  const present = await readFile(path, 'utf8').catch(() => undefined)
  if (present === text) return
  try {
    await writeAtomically(path, text, 0o600)
  } catch (error) {
    throw new DavitError('DAVIT_KUBECONFIG', `cannot write ${path}: ${fileProblem(error)}`, { cause: error })
  }
}
