/*
 * This browser as one that hears pushes: the service worker, its subscription, and the server's list.
 */
import { api } from '@shared/api/client'
import type { Page, PushSubscription as Kept } from '@shared/api/types'

export type PushState = 'unsupported' | 'denied' | 'off' | 'on'

export const canPush = () => 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window

function octetsOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

/** "Chrome on Linux": enough to tell one's own browsers apart. */
export function deviceName(agent = navigator.userAgent): string {
  const browser = [['Edg/', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['Chrome/', 'Chrome'], ['Safari/', 'Safari']].find(([mark]) => agent.includes(mark!))?.[1] ?? 'Browser'
  const system = [['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'], ['Mac OS', 'macOS'], ['Linux', 'Linux']].find(([mark]) => agent.includes(mark!))?.[1]
  return system ? `${browser} on ${system}` : browser
}

export async function registerWorker(): Promise<ServiceWorkerRegistration | null> {
  if (!('serviceWorker' in navigator)) return null
  return navigator.serviceWorker.register('/sw.js').catch(() => null)
}

export async function currentSubscription(): Promise<PushSubscription | null> {
  if (!canPush()) return null
  const worker = await navigator.serviceWorker.getRegistration('/')
  return (await worker?.pushManager.getSubscription()) ?? null
}

export async function pushState(kept: readonly Kept[]): Promise<PushState> {
  if (!canPush()) return 'unsupported'
  if (Notification.permission === 'denied') return 'denied'
  const mine = await currentSubscription()
  return mine && kept.some((one) => one.endpoint === mine.endpoint) ? 'on' : 'off'
}

export const listSubscriptions = async () => (await api.get<Page<Kept>>('/notifications/subscriptions')).data

async function keep(subscription: PushSubscription): Promise<void> {
  const { endpoint, keys } = subscription.toJSON()
  await api.post('/notifications/subscriptions', { endpoint, keys: { p256dh: keys?.['p256dh'], auth: keys?.['auth'] }, device: deviceName() })
}

/** Asks the person if need be. False when they say no. */
export async function turnPushOn(key: string): Promise<boolean> {
  if ((await Notification.requestPermission()) !== 'granted') return false
  await registerWorker()
  const worker = await navigator.serviceWorker.ready
  const old = await worker.pushManager.getSubscription()
  await old?.unsubscribe() // of another key, or of somebody else before
  await keep(await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: octetsOf(key) }))
  return true
}

/** This browser is silent from now on; also before somebody signs out. */
export async function turnPushOff(): Promise<void> {
  const mine = await currentSubscription()
  if (!mine) return
  const kept = await listSubscriptions()
  for (const one of kept) if (one.endpoint === mine.endpoint) await api.delete(`/notifications/subscriptions/${one.id}`)
  await mine.unsubscribe()
}
