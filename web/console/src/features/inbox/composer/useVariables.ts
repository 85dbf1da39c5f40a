/* What {{…}} stands for in one conversation: asked once when its composer opens, and again when its contact changes. */
import { computed, watch } from 'vue'
import { api } from '@shared/api/client'
import type { Conversation } from '@shared/api/types'
import { useLoad } from '@shared/useLoad'
import type { VariableValues } from '@shared/variables'

export function useVariables(conversation: () => Conversation) {
  const { data, reload } = useLoad(() => conversation().id, (id, signal) =>
    api.get<{ variables: VariableValues }>(`/conversations/${id}/variables`, {}, signal))
  watch(() => `${conversation().contact.name} ${conversation().contact.phone}`, () => void reload())
  return computed<VariableValues>(() => data.value?.variables ?? {})
}
