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
  { path: '/join', name: 'join', component: () => import('@/features/session/JoinPage.vue'), meta: { open: true, title: 'join.page' } },
  {
    path: '/inbox/:conversationId(\\d+)?', name: 'inbox', component: () => import('@/features/inbox/InboxPage.vue'),
    meta: { title: 'nav.inbox', needs: 'conversation.read' },
  },
  { path: '/contacts', name: 'contacts', component: () => import('@/features/contacts/ContactsPage.vue'), meta: { title: 'nav.contacts', needs: 'contact.read' } },
  { path: '/contacts/imports/:importId(\\d+)?', name: 'contact-imports', component: () => import('@/features/contacts/ImportPage.vue'), meta: { title: 'contacts.import.title', needs: 'contact.manage' } },
  { path: '/contacts/doubles', name: 'contact-doubles', component: () => import('@/features/contacts/DoublesPage.vue'), meta: { title: 'contacts.doubles.title', needs: 'contact.manage' } },
  { path: '/contacts/:contactId(\\d+)', name: 'contact', component: () => import('@/features/contacts/ContactPage.vue'), meta: { title: 'nav.contacts', needs: 'contact.read' } },
  { path: '/board', name: 'board', component: () => import('@/features/board/BoardPage.vue'), meta: { title: 'nav.board', needs: 'report.read' } },
  { path: '/reports/costs', name: 'costs', component: () => import('@/features/reports/CostsPage.vue'), meta: { title: 'costs.title', needs: 'report.read' } },
  { path: '/reports', name: 'reports', component: () => import('@/features/reports/FiguresPage.vue'), meta: { title: 'reports.title', needs: 'report.read' } },
  { path: '/search', name: 'search', component: () => import('@/features/search/SearchPage.vue'), meta: { title: 'search.title', needs: 'message.read' } },
  { path: '/health', name: 'health', component: () => import('@/features/health/HealthPage.vue'), meta: { title: 'nav.health', needs: 'health.read' } },
  {
    path: '/settings', component: () => import('@/features/settings/SettingsPage.vue'), meta: { title: 'nav.settings' },
    children: [
      { path: '', name: 'settings', component: { render: () => null } },
      { path: 'profile', name: 'profile', component: () => import('@/features/session/ProfilePage.vue'), meta: { title: 'nav.profile' } },
      { path: 'notifications', name: 'notifications', component: () => import('@/features/notices/NoticesPage.vue'), meta: { title: 'settings.section.notices.title' } },
      { path: 'people', name: 'people', component: () => import('@/features/people/PeoplePage.vue'), meta: { title: 'nav.people', needs: 'person.read' } },
      { path: 'agents', name: 'agents', component: () => import('@/features/agents/AgentsPage.vue'), meta: { title: 'settings.section.agents.title', needs: 'person.read' } },
      { path: 'teams', name: 'teams', component: () => import('@/features/agents/TeamsPage.vue'), meta: { title: 'settings.section.teams.title', needs: 'person.read' } },
      { path: 'routing', name: 'routing', component: () => import('@/features/agents/RoutingPage.vue'), meta: { title: 'settings.section.routing.title', needs: 'person.read' } },
      { path: 'roles', name: 'roles', component: () => import('@/features/people/RolesPage.vue'), meta: { title: 'nav.roles', needs: 'person.read' } },
      { path: 'channels', name: 'channels', component: () => import('@/features/channels/ChannelsPage.vue'), meta: { title: 'nav.channels', needs: 'channel.read' } },
      { path: 'channels/new', name: 'channel-new', component: () => import('@/features/channels/ChannelNewPage.vue'), meta: { title: 'channels.add', needs: 'channel.manage' } },
      { path: 'channels/:channelId(\\d+)', name: 'channel', component: () => import('@/features/channels/ChannelPage.vue'), meta: { title: 'nav.channels', needs: 'channel.read' } },
      { path: 'linked', name: 'linked', component: () => import('@/features/linked/LinkedPage.vue'), meta: { title: 'settings.section.linked.title', needs: 'channel.read' } },
      { path: 'linked/new', name: 'linked-new', component: () => import('@/features/linked/LinkedNewPage.vue'), meta: { title: 'linked.new.title', needs: 'channel.manage' } },
      { path: 'linked/all', name: 'linked-all', component: () => import('@/features/linked/AdminLinkedPage.vue'), meta: { title: 'linked.admin.title' } },
      { path: 'linked/:numberId(\\d+)', name: 'linked-number', component: () => import('@/features/linked/LinkedNumberPage.vue'), meta: { title: 'settings.section.linked.title', needs: 'channel.read' } },
      { path: 'routes', name: 'routes', component: () => import('@/features/channels/RoutesPage.vue'), meta: { title: 'settings.section.routes.title', needs: 'channel.read' } },
      { path: 'routes/:numberId(\\d+)', name: 'route', component: () => import('@/features/channels/RoutePage.vue'), meta: { title: 'settings.section.routes.title', needs: 'channel.read' } },
      { path: 'routes/:numberId(\\d+)/move', name: 'route-move', component: () => import('@/features/channels/MovePage.vue'), meta: { title: 'move.title', needs: 'channel.manage' } },
      { path: 'templates', name: 'templates', component: () => import('@/features/templates/TemplatesPage.vue'), meta: { title: 'nav.templates', needs: 'template.read' } },
      { path: 'templates/new', name: 'template-new', component: () => import('@/features/templates/TemplateEditPage.vue'), meta: { title: 'templates.newTitle', needs: 'template.manage' } },
      { path: 'templates/:templateId(\\d+)', name: 'template', component: () => import('@/features/templates/TemplatePage.vue'), meta: { title: 'nav.templates', needs: 'template.read' } },
      { path: 'templates/:templateId(\\d+)/edit', name: 'template-edit', component: () => import('@/features/templates/TemplateEditPage.vue'), meta: { title: 'templates.editTitle', needs: 'template.manage' } },
      { path: 'canned', name: 'canned', component: () => import('@/features/canned/CannedPage.vue'), meta: { title: 'canned.title', needs: 'message.read' } },
      { path: 'macros', name: 'macros', component: () => import('@/features/macros/MacrosPage.vue'), meta: { title: 'macros.title', needs: 'message.read' } },
      { path: 'scheduled', name: 'scheduled', component: () => import('@/features/scheduled/ScheduledPage.vue'), meta: { title: 'later.page', needs: 'message.read' } },
      { path: 'channels/:channelId(\\d+)/profile', name: 'channel-profile', component: () => import('@/features/channels/ChannelProfilePage.vue'), meta: { title: 'profilePage.title', needs: 'channel.read' } },
      { path: 'channels/:channelId(\\d+)/webhook', name: 'channel-webhook', component: () => import('@/features/channels/WebhookToolsPage.vue'), meta: { title: 'webhookTools.title', needs: 'channel.manage' } },
      { path: 'channels/:channelId(\\d+)/number', name: 'channel-number', component: () => import('@/features/channels/NumberPage.vue'), meta: { title: 'number.title', needs: 'channel.read' } },
      { path: 'keys', name: 'keys', component: () => import('@/features/keys/KeysPage.vue'), meta: { title: 'nav.keys', needs: 'key.manage' } },
      { path: 'realtime', name: 'realtime', component: () => import('@/features/settings/RealtimePage.vue'), meta: { title: 'settings.section.realtime.title', needs: 'workspace.read' } },
      { path: 'features', name: 'features', component: () => import('@/features/settings/FeaturesPage.vue'), meta: { title: 'settings.section.features.title', needs: 'workspace.read' } },
      { path: 'webhooks', name: 'webhooks', component: () => import('@/features/webhooks/WebhooksPage.vue'), meta: { title: 'settings.section.webhooks.title', needs: 'webhook.manage' } },
      { path: 'webhooks/:webhookId(\\d+)', name: 'webhook', component: () => import('@/features/webhooks/WebhookPage.vue'), meta: { title: 'settings.section.webhooks.title', needs: 'webhook.manage' } },
      { path: 'workspace', name: 'workspace', component: () => import('@/features/settings/WorkspacePage.vue'), meta: { title: 'settings.section.workspace.title', needs: 'workspace.read' } },
      { path: 'labels', name: 'labels', component: () => import('@/features/labels/LabelsPage.vue'), meta: { title: 'settings.section.labels.title', needs: 'conversation.read' } },
      { path: 'hours', name: 'hours', component: () => import('@/features/hours/HoursPage.vue'), meta: { title: 'settings.section.hours.title', needs: 'workspace.read' } },
      { path: 'promises', name: 'promises', component: () => import('@/features/hours/PromisesPage.vue'), meta: { title: 'settings.section.promises.title', needs: 'workspace.read' } },
      { path: 'attributes', name: 'attributes', component: () => import('@/features/contacts/AttributesPage.vue'), meta: { title: 'settings.section.attributes.title', needs: 'contact.manage' } },
      { path: 'audit', name: 'audit', component: () => import('@/features/audit/AuditPage.vue'), meta: { title: 'nav.audit', needs: 'audit.read' } },
    ],
  },
  // Where these were before there was a settings area; bookmarks stay good.
  { path: '/:old(channels|people|keys|audit|profile)/:rest(.*)?', redirect: (to) => `/settings${to.path}` },
  { path: '/:rest(.*)*', name: 'missing', component: () => import('@/app/MissingPage.vue'), meta: { title: 'missing.title' } },
]

export const router = createRouter({ history: createWebHistory(), routes })

router.beforeEach((to) => {
  const session = useSession()
  const signedIn = session.session !== null
  if (!signedIn && !to.meta.open) return { name: 'sign-in', query: to.path === '/inbox' ? {} : { next: to.fullPath } }
  if (signedIn && to.name === 'sign-in') return { path: '/inbox' }
  if (session.session?.must_enrol && to.name !== 'profile' && !to.meta.open) return { name: 'profile' }
  return true
})
