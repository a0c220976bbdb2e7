/** `/healthz`, `/livez` and `/readyz`, each check alone by its name, and `?verbose`. */
import type { Query } from './query.js'

export interface HealthCheck {
  readonly name: string
  /** A failing check of liveness means "restart me", so only what a restart heals belongs there. */
  readonly liveness: boolean
  healthy(): boolean
}
export interface HealthAnswer {
  readonly code: number
  readonly text: string
}

/** Undefined where `path` names no check. */
export function healthAnswer(path: string, query: Query, checks: readonly HealthCheck[]): HealthAnswer | undefined {
  const [, endpoint = '', name] = path.split('/')
  const relevant = checks.filter((check) => endpoint === 'readyz' || check.liveness)
  if (name !== undefined) {
    const check = relevant.find((one) => one.name === name)
    if (check === undefined) return undefined
    return check.healthy() ? { code: 200, text: 'ok' } : { code: 500, text: `${name} failed\n` }
  }
  const excluded = new Set(query.all('exclude'))
  const results = relevant.filter((check) => !excluded.has(check.name)).map((check) => ({ check, ok: check.healthy() }))
  const good = results.every(({ ok }) => ok)
  if (good && query.first.verbose === undefined) return { code: 200, text: 'ok' }
  const lines = results.map(({ check, ok }) => (ok ? `[+]${check.name} ok` : `[-]${check.name} failed`))
  return { code: good ? 200 : 500, text: `${lines.join('\n')}\n${endpoint} check ${good ? 'passed' : 'failed'}\n` }
}
