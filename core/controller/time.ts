/** A moment as objects carry it: RFC 3339 in whole seconds. `now`: milliseconds since 1970. */
export function timestamp(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`
}
