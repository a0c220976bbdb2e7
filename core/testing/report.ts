/** What a test file tells the runner: one JSON line for each event, in the file that `DAVIT_TEST_REPORT` names. */
import { appendFileSync } from 'node:fs'

export type Outcome = 'passed' | 'failed' | 'skipped'
export type ReportLine =
  | { readonly type: 'begin'; readonly test: string }
  | { readonly type: 'end'; readonly test: string; readonly outcome: Outcome; readonly ms: number; readonly reason?: string }
  /** The last line of a file that ran to its end; without it the file died or hung. */
  | { readonly type: 'done' }

const path = process.env.DAVIT_TEST_REPORT

// Written at once and in order, so that what is there survives a kill.
export function report(line: ReportLine): void {
  if (path) appendFileSync(path, `${JSON.stringify(line)}\n`)
}

/** Lines that were cut off by a kill are left out. */
export function parseReport(text: string): ReportLine[] {
  const lines: ReportLine[] = []
  for (const line of text.split('\n')) {
    if (!line.endsWith('}')) continue
    try {
      lines.push(JSON.parse(line) as ReportLine)
    } catch {
      // Half a line that happens to end in a brace.
    }
  }
  return lines
}
