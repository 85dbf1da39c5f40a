/** How many unread messages the browser's tab tells of. */
import { ref } from 'vue'

export const unreadInTitle = ref(0)
