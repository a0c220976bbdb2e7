/** Quantities as values: `quantity('1Gi').isGreaterThan(quantity('500Mi'))`. */
import { addQuantities, type ExactQuantity, formatQuantity, parseQuantity, subtractQuantities } from '../quantity.js'
import { failure } from './library.js'
import type { Registrar } from './registrar.js'

const nano = 1_000_000_000n

export class Quantity {
  readonly exact: ExactQuantity

  constructor(exact: ExactQuantity) {
    this.exact = exact
  }
  equals(other: unknown): boolean {
    return other instanceof Quantity && other.exact.nano === this.exact.nano
  }
  toString(): string {
    return formatQuantity(this.exact)
  }
}

export function registerQuantities({ type, method }: Registrar): void {
  type('kubernetes.Quantity', Quantity as never)
  method('quantity(string): kubernetes.Quantity', require)
  method('isQuantity(string): bool', (text: string) => parseQuantity(text).value !== undefined)
  method('kubernetes.Quantity.sign(): int', ({ exact }: Quantity) => (exact.nano > 0n ? 1n : exact.nano < 0n ? -1n : 0n))
  method('kubernetes.Quantity.isInteger(): bool', ({ exact }: Quantity) => exact.nano % nano === 0n)
  method('kubernetes.Quantity.asInteger(): int', asInteger)
  method('kubernetes.Quantity.asApproximateFloat(): double', ({ exact }: Quantity) => Number(exact.nano) / Number(nano))
  method('kubernetes.Quantity.compareTo(kubernetes.Quantity): int', (a: Quantity, b: Quantity) => BigInt(compare(a, b)))
  method('kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool', (a: Quantity, b: Quantity) => compare(a, b) > 0)
  method('kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool', (a: Quantity, b: Quantity) => compare(a, b) < 0)
  const [add, subtract] = [addQuantities, subtractQuantities]
  method('kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity', (a: Quantity, b: Quantity) => combine(a, b, add))
  method('kubernetes.Quantity.add(int): kubernetes.Quantity', (a: Quantity, b: bigint) => combine(a, whole(b), add))
  method('kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity', (a: Quantity, b: Quantity) =>
    combine(a, b, subtract),
  )
  method('kubernetes.Quantity.sub(int): kubernetes.Quantity', (a: Quantity, b: bigint) => combine(a, whole(b), subtract))
}

function require(text: string): Quantity {
  const { value, error } = parseQuantity(text)
  if (value === undefined) throw failure(error)
  return new Quantity(value)
}
function asInteger({ exact }: Quantity): bigint {
  if (exact.nano % nano !== 0n) throw failure('cannot convert value to integer')
  return exact.nano / nano
}
function compare(a: Quantity, b: Quantity): number {
  return a.exact.nano < b.exact.nano ? -1 : a.exact.nano > b.exact.nano ? 1 : 0
}
function whole(value: bigint): Quantity {
  return new Quantity({ nano: value * nano, format: 'DecimalSI' })
}
function combine(a: Quantity, b: Quantity, how: (a: ExactQuantity, b: ExactQuantity) => ExactQuantity): Quantity {
  return new Quantity(how(a.exact, b.exact))
}
