/** Clocks of machines differ by so much, in milliseconds. */
export const leewayMs = 60_000
