/*
 * Several tabs of one person, and which of them speaks: the one that holds the lock. All tell each
 * other what they show, so that the speaker knows what is before somebody's eyes.
 */
import type { Tab } from './decide'

type Said = { kind: 'tab'; tab: Tab } | { kind: 'gone'; id: string } | { kind: 'who' } | { kind: 'sound' }

const LOCK = 'parley-notices'

export interface Tabs {
  /** Does this tab speak for all? */
  speaks: () => boolean
  all: () => readonly Tab[]
  /** Tells the others what this one shows now. */
  show: (conversationId: string | null) => void
  /** Asks another tab to play the sound: this one may not yet. */
  askForSound: () => void
  end: () => void
}

export function openTabs(onSound: () => void): Tabs {
  const id = crypto.randomUUID()
  const others = new Map<string, Tab>()
  const line = new BroadcastChannel(LOCK)
  const stop = new AbortController()
  let release = () => {}
  let leading = !navigator.locks
  let mine: Tab = { id, visible: isVisible(), conversationId: null }

  function isVisible(): boolean {
    return document.visibilityState === 'visible'
  }
  const say = (said: Said) => line.postMessage(said)
  function tell(): void {
    mine = { ...mine, visible: isVisible() }
    say({ kind: 'tab', tab: mine })
  }

  line.onmessage = ({ data }: MessageEvent<Said>) => {
    if (data.kind === 'tab') others.set(data.tab.id, data.tab)
    else if (data.kind === 'gone') others.delete(data.id)
    else if (data.kind === 'who') tell()
    else onSound()
  }
  const leave = () => say({ kind: 'gone', id })
  document.addEventListener('visibilitychange', tell)
  addEventListener('pagehide', leave)
  navigator.locks?.request(LOCK, { signal: stop.signal }, () => {
    leading = true
    others.clear()
    say({ kind: 'who' })
    return new Promise<void>((done) => { release = done })
  }).catch(() => { /* it ended while it waited for its turn */ })
  tell()

  return {
    speaks: () => leading,
    all: () => [{ ...mine, visible: isVisible() }, ...others.values()],
    show: (conversationId) => { mine = { ...mine, conversationId }; tell() },
    askForSound: () => say({ kind: 'sound' }),
    end: () => {
      document.removeEventListener('visibilitychange', tell)
      removeEventListener('pagehide', leave)
      leave()
      stop.abort()
      release()
      line.close()
    },
  }
}
