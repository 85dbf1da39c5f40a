/* How a role is called: the built-in ones in the reader's language, the workspace's own as it called them. */
import type { RoleFull } from './api/types'

type Has = (key: string) => boolean
type Say = (key: string) => string

/** role: its word or id; name: what the server calls it. */
export function roleName(role: string, name: string, t: Say, te: Has): string {
  return te(`role.${role}`) ? t(`role.${role}`) : name
}

/** The choices of a select; only an owner gives the owner's. */
export function roleOptions(roles: readonly RoleFull[], mayOwn: boolean, t: Say, te: Has): { value: string; label: string }[] {
  return roles.filter(({ id }) => id !== 'owner' || mayOwn).map(({ id, name }) => ({ value: id, label: roleName(id, name, t, te) }))
}
