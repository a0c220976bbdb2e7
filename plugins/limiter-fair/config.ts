import { type Static, Type } from '@davit/core/kernel'

const schema = Type.Object({
  reads: Type.Integer({ minimum: 1, default: 400, description: 'Requests that read, being worked on at a time.' }),
  writes: Type.Integer({ minimum: 1, default: 200, description: 'Requests that write, being worked on at a time.' }),
  turn: Type.Integer({
    minimum: 1,
    default: 16,
    description:
      'Requests that are begun in one turn of the event loop; the others wait for the next, and those of other users go first. ' +
      'A list counts as eight. Fewer: fairer; more: a little less work.',
  }),
  queue: Type.Integer({
    minimum: 1,
    default: 500,
    description: 'Requests of one user that may wait; one more is refused with 429.',
  }),
  waitSeconds: Type.Integer({
    minimum: 1,
    default: 15,
    description: 'Seconds that a request waits before it is refused with 429.',
  }),
  exemptGroups: Type.Array(Type.String(), {
    default: ['system:masters'],
    description: 'Groups whose members are never held back: somebody must be able to help.',
  }),
})
export type LimiterConfig = Static<typeof schema>
export const limiterConfig = { version: 1, schema }
