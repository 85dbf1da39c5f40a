/*
 * Lines in the middle of a thread that the network tells: changes of a group, calls, the timer of a chat.
 *
 * The server has said each in English; where its parts are there, they are said again in the reader's
 * language. Anything else keeps the server's sentence.
 */
import type { Message } from '@shared/api/types'
import { duration } from '@shared/times'
import { bodyOf, list, num, str, textOf } from './content'

type Translate = (key: string, values?: Record<string, unknown>) => string
interface Context { t: Translate; locale: string }

/* Those that are said otherwise when they are turned off, and when somebody does it for themselves. */
const SWITCHED = ['announce', 'locked', 'open', 'approval', 'suspended']
const ALONE = ['added', 'removed', 'asked']
const PLAIN = ['created', 'added', 'removed', 'promoted', 'demoted', 'moved', 'subject', 'description', 'asked', 'unasked', 'invite', 'deleted', 'picture']

function membersOf(message: Message, t: Translate): string {
  const names = new Map(message.mentions.map((one) => [one.digits, one.name]))
  const told = list(bodyOf(message)['members']).map((one) => {
    const phone = str(one['phone'])
    return names.get(phone) || names.get(str(one['lid'])) || (phone ? `+${phone}` : t('system.somebody'))
  })
  return told.length ? told.join(', ') : t('system.somebody')
}

/* Sentences for parts that were not told would say less than the server's own. */
function groupText(message: Message, { t, locale }: Context): string {
  const body = bodyOf(message)
  const event = str(body['event'])
  const isOn = body['on'] !== false
  if (!('on' in body)) return ''
  if (event === 'ephemeral') return timerText(num(body['value']) ?? 0, { t, locale })
  if (SWITCHED.includes(event)) return t(`system.group.${event}${isOn ? '' : 'Off'}`)
  if (!PLAIN.includes(event)) return ''
  const who = message.author.kind === 'contact' && message.author.name ? message.author.name : t('system.somebody')
  const form = ALONE.includes(event) && body['alone'] === true ? `${event}Alone` : event
  return t(`system.group.${form}`, { who, whom: membersOf(message, t), text: str(body['text']) })
}

function timerText(seconds: number, { t, locale }: Context): string {
  return seconds > 0 ? t('system.timer', { time: duration(seconds * 1000, locale, 'long') }) : t('system.timerOff')
}

function callText(message: Message, { t }: Context): string {
  const body = bodyOf(message)
  const event = str(body['event'])
  if (event === 'offered') return t(body['refused'] === true ? 'system.call.refused' : body['video'] === true ? 'system.call.video' : 'system.call.offered')
  return ['accepted', 'rejected', 'ended'].includes(event) ? t(`system.call.${event}`) : ''
}

export function systemText(message: Message, context: Context): string {
  const body = bodyOf(message)
  const texts: Record<string, () => string> = {
    group: () => groupText(message, context),
    call: () => callText(message, context),
    timer: () => (num(body['seconds']) === null ? '' : timerText(num(body['seconds'])!, context)),
  }
  return texts[str(body['type'])]?.() || textOf(message)
}
