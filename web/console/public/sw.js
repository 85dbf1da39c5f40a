/*
 * The service worker: shows what the server pushes, and opens its conversation on a click.
 *
 * It keeps no pages and answers no requests, so a new version of the console is there at once. The one
 * rule: a notice opens pages of this console, and nothing else.
 */
const here = (url) => {
  const target = new URL(url ?? '/inbox', self.location.origin)
  return target.origin === self.location.origin ? target.pathname + target.search : '/inbox'
}

/** Somebody has it before their eyes: the page tells by itself. */
async function isSeen(notice) {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  return windows.some((one) => one.visibilityState === 'visible' && notice.conversation_id
    && new URL(one.url).pathname === `/inbox/${notice.conversation_id}`)
}

async function show(notice) {
  if (await isSeen(notice)) return
  await self.registration.showNotification(notice.title ?? 'Parley', {
    body: notice.body ?? '', tag: notice.tag ?? 'parley', renotify: true, icon: '/icon.svg', dir: 'auto', data: { url: here(notice.url) },
  })
}

async function open(url) {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const one = windows.find((any) => any.visibilityState === 'visible') ?? windows[0]
  if (!one) return self.clients.openWindow(url)
  one.postMessage({ type: 'open', url })
  return one.focus().catch(() => undefined)
}

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('push', (event) => {
  let notice = {}
  try {
    notice = event.data?.json() ?? {}
  } catch {
    /* not ours: the title alone is shown */
  }
  event.waitUntil(show(notice))
})
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(here(event.notification.data?.url)))
})
