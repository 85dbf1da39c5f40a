/* The steps of macros, and an empty one of each. */
import type { MacroAction } from '@shared/api/types'

export const ACTION_TYPES: readonly MacroAction['type'][] = [
  'send_text', 'send_canned', 'note', 'add_label', 'remove_label', 'assign', 'assign_team', 'set_status', 'set_priority', 'snooze',
]

export function emptyAction(type: MacroAction['type']): MacroAction {
  const members: Record<MacroAction['type'], Omit<MacroAction, 'type'>> = {
    send_text: { body: '' }, send_canned: { canned_id: '' }, note: { body: '' }, add_label: { label_id: '' }, remove_label: { label_id: '' },
    assign: { assignee_id: 'me' }, assign_team: { team_id: '' }, set_status: { status: 'resolved' }, set_priority: { priority: 'high' }, snooze: { minutes: 60 },
  }
  return { type, ...members[type] }
}
