/** The business profile as its form has it. Only what was changed goes to the server. */
import type { BusinessProfile, BusinessVertical } from '@shared/api/types'

export interface ProfileForm {
  about: string
  address: string
  description: string
  email: string
  vertical: BusinessVertical
  websites: [string, string]
}

export const VERTICALS: readonly BusinessVertical[] = [
  'UNDEFINED', 'ALCOHOL', 'APPAREL', 'AUTO', 'BEAUTY', 'EDU', 'ENTERTAIN', 'EVENT_PLAN', 'FINANCE', 'GOVT', 'GROCERY', 'HEALTH', 'HOTEL',
  'MATRIMONY_SERVICE', 'NONPROFIT', 'NOT_A_BIZ', 'ONLINE_GAMBLING', 'OTC_DRUGS', 'PHYSICAL_GAMBLING', 'PROF_SERVICES', 'RESTAURANT', 'RETAIL', 'TRAVEL', 'OTHER',
]

export const emptyProfile = (): ProfileForm => ({ about: '', address: '', description: '', email: '', vertical: 'UNDEFINED', websites: ['', ''] })

/** A line of business that we do not know yet is shown as none, and stays as it is unless another is chosen. */
export function formOf(profile: BusinessProfile): ProfileForm {
  const vertical = VERTICALS.find((one) => one === profile.vertical) ?? 'UNDEFINED'
  return {
    about: profile.about ?? '', address: profile.address ?? '', description: profile.description ?? '', email: profile.email ?? '', vertical,
    websites: [profile.websites[0] ?? '', profile.websites[1] ?? ''],
  }
}

const sites = (list: readonly string[]) => list.map((site) => site.trim()).filter(Boolean)

export function profilePatch(before: BusinessProfile, form: ProfileForm): Record<string, unknown> {
  const was = formOf(before)
  const patch: Record<string, unknown> = {}
  for (const name of ['about', 'address', 'description', 'email', 'vertical'] as const) if (form[name] !== was[name]) patch[name] = form[name]
  if (sites(form.websites).join() !== sites(was.websites).join()) patch['websites'] = sites(form.websites)
  return patch
}
