/** The key of an attribute, made of its title: small letters, digits and _, from a letter on. */
export function keyOf(title: string): string {
  const plain = title.normalize('NFD').replace(/\p{Diacritic}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '')
  return (/^[a-z]/.test(plain) ? plain : `field_${plain}`).slice(0, 40).replace(/_+$/, '')
}
