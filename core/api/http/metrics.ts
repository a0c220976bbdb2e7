/** Counters of the server in Prometheus' text form. Counting is an addition in a map; all else happens on a scrape. */

export interface Metrics {
  request(verb: string, code: number): void
  /** A watch, log, exec or port-forward begins; call the result when it ends. */
  longRunning(verb: string): () => void
  text(gauges: Readonly<Record<string, number>>): string
}

/** Over HTTP/2 a client may name any method: made-up ones must not each get a counter for ever. */
const methods = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'])

export function createMetrics(): Metrics {
  const requests = new Map<string, number>()
  const running = new Map<string, number>()
  const add = (counts: Map<string, number>, key: string, change: number): void => {
    counts.set(key, (counts.get(key) ?? 0) + change)
  }
  return {
    request: (verb, code) => add(requests, `verb="${methods.has(verb) ? verb : 'other'}",code="${code}"`, 1),
    longRunning(verb) {
      let open = true
      add(running, `verb="${verb}"`, 1)
      return () => {
        if (open) add(running, `verb="${verb}"`, -1)
        open = false
      }
    },
    text: (gauges) =>
      [
        ...family('apiserver_request_total', 'counter', 'Replies by verb and HTTP code.', requests),
        ...family('apiserver_longrunning_requests', 'gauge', 'Open watches, logs, execs and port-forwards.', running),
        ...Object.entries(gauges).flatMap(([name, value]) => family(name, 'gauge', '', new Map([['', value]]))),
        '',
      ].join('\n'),
  }
}

function family(name: string, type: string, help: string, values: ReadonlyMap<string, number>): string[] {
  const head = help === '' ? [] : [`# HELP ${name} ${help}`]
  const lines = [...values].map(([labels, value]) => (labels === '' ? `${name} ${value}` : `${name}{${labels}} ${value}`))
  return [...head, `# TYPE ${name} ${type}`, ...lines]
}
