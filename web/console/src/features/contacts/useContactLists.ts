/* What the pages of contacts choose from: labels, attributes, channels. What one may not read is empty. */
import { shallowRef } from 'vue'
import { api } from '@shared/api/client'
import type { Channel, ContactAttribute, LabelRef, Page } from '@shared/api/types'

const labels = shallowRef<LabelRef[]>([])
const attributes = shallowRef<ContactAttribute[]>([])
const channels = shallowRef<Channel[]>([])

async function fill<T>(into: { value: T[] }, path: string): Promise<void> {
  try {
    into.value = (await api.get<Page<T>>(path, path === '/channels' ? { limit: 100 } : {})).data
  } catch {
    into.value = []
  }
}

export function useContactLists() {
  void fill(labels, '/labels')
  void fill(attributes, '/contact-attributes')
  void fill(channels, '/channels')
  return { labels, attributes, channels }
}
