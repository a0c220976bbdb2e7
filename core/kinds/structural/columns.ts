/** Tables of custom resources: the name, then the columns that the definition asks for. */
import { since } from '../columns/format.js'
import type { KubeObject, TableCell, TableColumn, TablePrinter } from '../contract.js'
import { formatJson } from '../exact-json.js'
import type { CustomResourceColumnDefinition } from '../types.js'
import { type JsonPath, parseJsonPath } from './json-path.js'

const nameColumn: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace, or within the cluster for kinds without one.',
  priority: 0,
}
const age: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  description: 'When the server made the object.',
  jsonPath: '.metadata.creationTimestamp',
}

export function customTable(definitions: readonly CustomResourceColumnDefinition[] | undefined): TablePrinter {
  const wanted = definitions === undefined || definitions.length === 0 ? [age] : definitions
  const columns = wanted.map(columnOf)
  const paths = wanted.map(({ jsonPath }) => parseJsonPath(jsonPath))
  return {
    columns: [nameColumn, ...columns],
    row: (object, now) => [object.metadata.name, ...paths.map((path, index) => cellOf(path, columns[index], object, now))],
  }
}

function columnOf({ name, type, format = '', description, priority = 0 }: CustomResourceColumnDefinition): TableColumn {
  const told = description || `Custom resource definition column (in JSONPath format): ${name}`
  return { name, type: type as TableColumn['type'], format, description: told, priority }
}

/** The first value that the path leads to; null where there is none, or one of another type. */
function cellOf(path: JsonPath | string, column: TableColumn | undefined, object: KubeObject, now: number): TableCell {
  if (typeof path === 'string' || column === undefined) return null
  const [value] = path(object)
  if (value === undefined || value === null) return null
  switch (column.type) {
    case 'string':
      return typeof value === 'object' ? formatJson(value) : String(value)
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : typeof value === 'bigint' ? value : null
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      return typeof value === 'string' ? dateCell(value, now) : null
  }
}

const dateCell = (text: string, now: number): string => (Number.isNaN(Date.parse(text)) ? '<invalid>' : since(text, now))
