/** Only what was changed goes to the server: an empty secret means "as it is". */
import type { Channel } from '@shared/api/types'

export interface ChannelForm {
  name: string
  access_token: string
  app_secret: string
  verify_token: string
  pace_per_second: string
  pair_seconds: string
  environment: Channel['environment']
}

export function channelPatch(channel: Channel, form: ChannelForm): Record<string, unknown> {
  const patch: Record<string, unknown> = {}
  const pace = Number(form.pace_per_second)
  const pairMs = Math.round(Number(form.pair_seconds) * 1000)
  if (form.name.trim() !== channel.name) patch['name'] = form.name.trim()
  if (form.access_token.trim()) patch['access_token'] = form.access_token.trim()
  if (form.app_secret.trim()) patch['app_secret'] = form.app_secret.trim()
  if (form.verify_token.trim() && form.verify_token.trim() !== channel.verify_token) patch['verify_token'] = form.verify_token.trim()
  if (pace !== channel.pace_per_second) patch['pace_per_second'] = pace
  if (pairMs !== channel.pair_interval_ms) patch['pair_interval_ms'] = pairMs
  if (form.environment !== channel.environment) patch['environment'] = form.environment
  return patch
}

/** What only those see who manage channels is in no live event: it stays as it was fetched. */
export function withHidden(told: Channel, known: Channel | null): Channel {
  if (!known) return told
  return { ...told, verify_token: told.verify_token ?? known.verify_token, webhook_secret: told.webhook_secret ?? known.webhook_secret, config: told.config ?? known.config }
}
