/** What the composition root takes of the store room: the plugins, and the engines for tools that open a store alone. */
export { type LevelStoreOptions, openLevelStore } from './level-engine.js'
export { type MemoryStoreOptions, openMemoryStore } from './memory-engine.js'
export { storeLevel } from './plugin-level.js'
export { storeMemory } from './plugin-memory.js'
export { defaultRetention, type RetentionOptions } from './retention.js'
