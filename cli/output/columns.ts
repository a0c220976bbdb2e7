/** Lines of cells under a head, padded as kubectl does: three spaces between columns. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, index) => Math.max(title.length, ...rows.map((row) => (row[index] ?? '').length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => (index === cells.length - 1 ? cell : cell.padEnd((widths[index] ?? 0) + 3)))
      .join('')
      .trimEnd()
  return [head, ...rows].map(line).join('\n')
}

export async function structured(value: unknown, form: 'json' | 'yaml'): Promise<string> {
  if (form === 'json') return JSON.stringify(value, null, 2)
  const { stringify } = await import('yaml')
  return stringify(value, { version: '1.1', lineWidth: 0 }).trimEnd()
}
