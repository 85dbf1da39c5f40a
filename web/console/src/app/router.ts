/*
 * The pages. Each is a chunk of its own; a page that needs a permission names it here.
 */
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import type { Permission } from '@shared/api/types'
import { useSession } from './session.store'

declare module 'vue-router' {
  interface RouteMeta {
    title?: string
    needs?: Permission
    open?: boolean
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', redirect: '/inbox' },
  { path: '/sign-in', name: 'sign-in', component: () => import('@/features/session/SignInPage.vue'), meta: { open: true, title: 'signIn.title' } },
  {
    path: '/inbox/:conversationId(\\d+)?', name: 'inbox', component: () => import('@/features/inbox/InboxPage.vue'),
    meta: { title: 'nav.inbox', needs: 'conversation.read' },
  },
  { path: '/:rest(.*)*', name: 'missing', component: () => import('@/app/MissingPage.vue'), meta: { title: 'missing.title' } },
]

export const router = createRouter({ history: createWebHistory(), routes })

router.beforeEach((to) => {
  const session = useSession()
  const signedIn = session.session !== null
  if (!signedIn && !to.meta.open) return { name: 'sign-in', query: to.path === '/inbox' ? {} : { next: to.fullPath } }
  if (signedIn && to.name === 'sign-in') return { path: '/inbox' }
  return true
})
