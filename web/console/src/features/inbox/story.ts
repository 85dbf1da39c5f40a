/*
 * The steps of a message's story in the order in which they happened. The network tells its times in whole
 * seconds, so what it reports would seem to come before what we did earlier in that second.
 */
import type { Trace } from '@shared/api/types'

type Step = Trace['steps'][number]

const OF_NETWORK: readonly string[] = ['sent', 'delivered', 'read', 'played']
const SECOND_MS = 1000

const time = (step: Step) => (OF_NETWORK.includes(step.what) && step.at_ms % SECOND_MS === 0 ? step.at_ms + SECOND_MS - 1 : step.at_ms)

export function storyOrder(steps: readonly Step[]): Step[] {
  return [...steps].sort((a, b) => time(a) - time(b))
}
