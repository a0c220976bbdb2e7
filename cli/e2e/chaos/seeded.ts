/** How many kills, and in which order: what makes a storm that failed come again. */
export const seed = process.env.DAVIT_CHAOS_SEED ?? 'a stormy night'

/** What goes wrong says how it is had again. */
export async function seeded(kills: number, storm: () => Promise<void>): Promise<void> {
  try {
    await storm()
  } catch (error) {
    const again = `DAVIT_CHAOS_KILLS=${kills} DAVIT_CHAOS_SEED=${JSON.stringify(seed)}`
    throw new Error(`with ${again}: ${(error as Error).message}`, { cause: error })
  }
}
