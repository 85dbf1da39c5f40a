import { describe, expect, it } from 'vitest'
import type { Channel } from '@shared/api/types'
import { withHidden } from './channelPatch'

describe('a channel that a live event tells of', () => {
  const channel = (more: Partial<Channel>) => ({ id: '1', name: 'Gateway', verify_token: null, webhook_secret: null, config: null, ...more }) as Channel
  const known = channel({ verify_token: 'v', webhook_secret: 's', config: { kinds: ['text'] } as never })

  it('keeps what only a manager sees, and takes the rest', () => {
    expect(withHidden(channel({ name: 'Renamed' }), known)).toMatchObject({ name: 'Renamed', verify_token: 'v', webhook_secret: 's', config: { kinds: ['text'] } })
  })
  it('takes what it is told, if it is', () => {
    expect(withHidden(channel({ config: {} as never }), known).config).toEqual({})
    expect(withHidden(known, null)).toBe(known)
  })
})
