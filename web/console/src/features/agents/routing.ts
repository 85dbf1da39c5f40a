/*
 * Routing as its pages show it: words of settings, and rules in sentences.
 */
import type { Channel, RoutingActions, RoutingConditions, RoutingMode, ShiftEnd, Team, Agent, NamedRef } from '@shared/api/types'

export const MODES: RoutingMode[] = ['manual', 'round_robin', 'least_busy']
export const SHIFT_ENDS: ShiftEnd[] = ['keep', 'requeue_unanswered', 'requeue_all']
export const CONDITIONS = ['keywords', 'channel_ids', 'languages', 'label_ids', 'sources'] as const
export type Condition = (typeof CONDITIONS)[number]

/** What ids stand for. */
export interface Names { channels: Pick<Channel, 'id' | 'name'>[]; labels: NamedRef[]; teams: Pick<Team, 'id' | 'name'>[]; agents: Pick<Agent, 'id' | 'name'>[] }

const nameIn = (list: readonly { id: string; name: string }[], id: string) => list.find((one) => one.id === id)?.name ?? id

type Say = (key: string, values?: Record<string, unknown>) => string

/** "the words refund or return · from Shop": everything, when there is no condition. */
export function conditionText(conditions: RoutingConditions, names: Names, t: Say): string {
  const parts = CONDITIONS.filter((one) => conditions[one]?.length).map((one) => {
    const list = conditions[one]!
    const shown = one === 'channel_ids' ? list.map((id) => nameIn(names.channels, id)) : one === 'label_ids' ? list.map((id) => nameIn(names.labels, id)) : list
    return t(`routing.if.${one}`, { list: shown.join(', ') })
  })
  return parts.length ? parts.join(' · ') : t('routing.if.any')
}

export function actionText(actions: RoutingActions, names: Names, t: Say): string {
  const parts: string[] = []
  if (actions.team_id) parts.push(t('routing.then.team', { name: nameIn(names.teams, actions.team_id) }))
  if (actions.agent_id) parts.push(t('routing.then.agent', { name: nameIn(names.agents, actions.agent_id) }))
  if (actions.priority) parts.push(t('routing.then.priority', { name: t(`routing.priority.${actions.priority}`) }))
  if (actions.label_ids?.length) parts.push(t('routing.then.labels', { name: actions.label_ids.map((id) => nameIn(names.labels, id)).join(', ') }))
  return parts.join(' · ')
}

/** "refund, money back" ↔ ["refund", "money back"]. */
export const listOf = (text: string) => text.split(/[,\n]/).map((part) => part.trim()).filter(Boolean)

export { moved } from '@shared/moved'
