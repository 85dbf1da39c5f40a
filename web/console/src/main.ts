/*
 * Starts the console: theme and language first, then who is signed in, then the page.
 */
import { createPinia } from 'pinia'
import { createApp, watch } from 'vue'
import { i18n, preferredLocale, setLocale } from '@shared/i18n'
import { followTheme } from '@shared/theme'
import '@shared/tokens.css'
import './base.css'
import App from './app/App.vue'
import { router } from './app/router'
import { useSession } from './app/session.store'
import { sayFields } from './ui/said'

followTheme()
const app = createApp(App).use(createPinia()).use(i18n)
const session = useSession()
sayFields()
await setLocale(preferredLocale())
await session.restore()
app.use(router).mount('#app')

/* A new page for whoever comes next: nothing of this person stays in memory. */
watch(() => session.session, (now, before) => {
  if (before && !now) location.replace(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`)
})
