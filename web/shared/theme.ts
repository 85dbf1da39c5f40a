/*
 * Light or dark: as the system says, unless the person chose one here.
 */
import { ref, watchEffect } from 'vue'

export type Theme = 'system' | 'light' | 'dark'

const STORED = 'parley.theme'
const dark = matchMedia('(prefers-color-scheme: dark)')
const systemDark = ref(dark.matches)
const stored = localStorage.getItem(STORED)

export const theme = ref<Theme>(stored === 'light' || stored === 'dark' ? stored : 'system')

dark.addEventListener('change', (event) => { systemDark.value = event.matches })

export function followTheme(): void {
  watchEffect(() => {
    const isDark = theme.value === 'dark' || (theme.value === 'system' && systemDark.value)
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light'
    localStorage.setItem(STORED, theme.value)
  })
}
