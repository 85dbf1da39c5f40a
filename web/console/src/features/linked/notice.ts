/** The version of the notice whose words the catalogues have; server/account/linked_notice.h has the same. */
export const NOTICE_VERSION = '2026-11'
