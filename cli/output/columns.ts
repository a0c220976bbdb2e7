/** Lines of cells under a head, where there is one, padded as kubectl does: three spaces between columns. */
export function columns(head: readonly string[] | undefined, rows: readonly (readonly string[])[]): string {
  const lines = head ? [head, ...rows] : rows
  const widths = lines[0]?.map((_, index) => lines.reduce((width, cells) => Math.max(width, cells[index]?.length ?? 0), 0)) ?? []
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => (index === cells.length - 1 ? cell : cell.padEnd((widths[index] ?? 0) + 3)))
      .join('')
      .trimEnd()
  return lines.map(line).join('\n')
}

export async function structured(value: unknown, form: 'json' | 'yaml'): Promise<string> {
  if (form === 'json') return JSON.stringify(value, null, 2)
  const { stringify } = await import('yaml')
  return stringify(value, { version: '1.1', lineWidth: 0 }).trimEnd()
}
